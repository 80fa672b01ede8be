import { stripVTControlCharacters } from 'node:util'
import { type DrillStyle, renderDrillTimeline } from '../drills/drill-timeline.ts'
import { relativeTime } from './cells.ts'
import { type DrillAnswer, reportOf } from './drill-answer.ts'
import { durationInWords } from './duration.ts'
import { wrapText } from './printable-text.ts'
import { type Cell, renderTable } from './table.ts'
import type { Format, Output } from './terminal.ts'

export function drillText(drill: DrillAnswer, out: Output): string {
  const text = renderDrillTimeline(reportOf(drill), (style, part) => out.paint(formatOf(style), part))
  return `${text
    .split('\n')
    .map((line) => hangLine(line, out.width))
    .join('\n')}\n`
}

/** Breaks a line that is too long; a timeline's detail goes on below itself. */
function hangLine(line: string, width: number): string {
  const plain = stripVTControlCharacters(line)
  const indent = /^ *[-+]?\d+ ms {2}\S+ +/.exec(plain)?.[0].length ?? 0
  const head = line.length - (plain.length - indent)
  const parts = indent === 0 ? wrapText(line, width) : wrapText(line.slice(head), width - indent)
  return (indent === 0 ? '' : line.slice(0, head)) + parts.join(`\n${' '.repeat(indent)}`)
}

export function drillListText(drills: readonly DrillAnswer[], out: Output, now: number): string {
  return renderTable(
    [
      { title: 'ID' },
      { title: 'CDN' },
      { title: 'METHOD' },
      { title: 'STARTED' },
      { title: 'VERDICT' },
      { title: 'FIRST OBJECT', align: 'right' },
      { title: 'BECAUSE', wraps: true },
    ],
    drills.map((drill) => [
      drill.drill_id,
      drill.provider,
      drill.method,
      relativeTime(drill.started_at, now),
      verdictCell(drill),
      drill.measured.first_object_ms === undefined ? '' : durationInWords(drill.measured.first_object_ms),
      drill.because ?? '',
    ]),
    out,
  )
}

function verdictCell({ verdict }: DrillAnswer): Cell {
  switch (verdict) {
    case undefined:
      return { text: 'running', format: 'cyan' }
    case 'succeeded':
      return { text: verdict, format: 'green' }
    case 'failed':
    case 'invalid':
      return { text: verdict, format: 'red' }
    case 'blocked':
    case 'interrupted':
      return { text: verdict, format: 'yellow' }
  }
}

function formatOf(style: DrillStyle): Format {
  switch (style) {
    case 'title':
      return 'bold'
    case 'dim':
      return 'dim'
    case 'event':
      return 'cyan'
    case 'good':
      return 'green'
    case 'bad':
      return 'red'
    case 'warning':
      return 'yellow'
  }
}
