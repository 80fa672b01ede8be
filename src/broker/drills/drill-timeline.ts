import type { DrillReport, DrillVerdict } from './drill-service.ts'

/** What a piece of the rendering is, for whoever colours it. */
export type DrillStyle = 'title' | 'dim' | 'event' | 'good' | 'bad' | 'warning'

/** Puts colour around a text; must not change its visible width. */
export type DrillPainter = (style: DrillStyle, text: string) => string

const plain: DrillPainter = (_, text) => text

/**
 * A report as lines for a terminal: title, timeline with milliseconds from the injection, figures, verdict. Where
 * nothing was taken out there are no figures.
 */
export function renderDrillTimeline(report: DrillReport, paint: DrillPainter = plain): string {
  const injectedAt = report.timeline.find(({ event }) => event === 'inject')?.at
  const zero = injectedAt ?? report.startedAt
  const rows = report.timeline.map(({ at, event, detail }) => ({ time: relativeMs(at - zero), event, detail }))
  const timeWidth = Math.max(0, ...rows.map(({ time }) => time.length))
  const eventWidth = Math.max(0, ...rows.map(({ event }) => event.length))
  const timeline = rows.map(({ time, event, detail }) =>
    [paint('dim', time.padStart(timeWidth)), paint(styleOf(event), event.padEnd(eventWidth)), detail].join('  '),
  )
  return [
    paint('title', `Drill ${report.id}: ${report.method} of ${report.provider}, scope ${report.scope}`),
    report.hypothesis,
    '',
    ...timeline.map((line) => `  ${line}`),
    '',
    ...(injectedAt === undefined ? [] : [...figureLines(report, paint), '']),
    verdictLine(report, paint),
  ].join('\n')
}

const FIGURE_WIDTH = 15

function figureLines(report: DrillReport, paint: DrillPainter): readonly string[] {
  return figures(report).map(([name, value]) => `  ${paint('dim', name.padEnd(FIGURE_WIDTH))}  ${value}`)
}

function figures({ measured }: DrillReport): readonly (readonly [string, string])[] {
  const ms = (value: number | undefined): string => (value === undefined ? '-' : `${Math.round(value)} ms`)
  return [
    ['detected after', ms(measured.detectMs)],
    ['decided after', ms(measured.decideMs)],
    ['first answer', ms(measured.firstAnswerMs)],
    ['first object', ms(measured.firstObjectMs)],
    ['restored after', ms(measured.restoreMs)],
    ['longest gap', ms(measured.longestGapMs)],
    ['objects', `${measured.objectsBefore} before, ${measured.objectsDuring} during, ${measured.objectsLost} lost`],
    ['look-ups', `${measured.probesBefore} before, ${measured.probesDuring} during`],
  ]
}

function relativeMs(ms: number): string {
  const rounded = Math.round(ms)
  return `${rounded > 0 ? '+' : ''}${rounded} ms`
}

function styleOf(event: string): DrillStyle {
  if (event === 'restored' || event === 'returned' || event === 'lifted') return 'good'
  return event === 'restore-failed' || event === 'blocked' ? 'bad' : 'event'
}

function verdictLine(report: DrillReport, paint: DrillPainter): string {
  if (report.verdict === undefined) return paint('warning', 'RUNNING')
  const verdict = paint(STYLE_OF[report.verdict], report.verdict.toUpperCase())
  return report.because === undefined ? verdict : `${verdict}: ${report.because}`
}

const STYLE_OF = {
  succeeded: 'good',
  failed: 'bad',
  interrupted: 'warning',
  blocked: 'warning',
  invalid: 'bad',
} as const satisfies Record<DrillVerdict, DrillStyle>
