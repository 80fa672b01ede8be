import { describe, expect, it } from 'vitest'
import type { DrillReport } from '../../src/broker/drills/drill-service.ts'
import { renderDrillTimeline } from '../../src/broker/drills/drill-timeline.ts'

const START = 1_800_000_000_000

const report: DrillReport = {
  id: 'd1',
  provider: 'cdn-a',
  method: 'fault',
  scope: 's1',
  hypothesis: 'Viewers are served by another CDN within 5000 ms.',
  state: 'ended',
  verdict: 'succeeded',
  because: 'the first object on the new path came 350 ms after the injection; the budget is 5000 ms',
  requestedBy: 'operator',
  startedAt: START - 1_000,
  endedAt: START + 4_000,
  measured: {
    detectMs: 210.4,
    firstAnswerMs: 220,
    firstObjectMs: 350,
    restoreMs: 800,
    objectsBefore: 5,
    objectsDuring: 12,
    objectsLost: 1,
    longestGapMs: 420,
    probesBefore: 10,
    probesDuring: 40,
  },
  timeline: [
    { at: START - 12, event: 'baseline', detail: '192.0.2.1 is answered with cdn-a' },
    { at: START, event: 'inject', detail: 'the relay of "cdn-a" is taken down' },
    { at: START + 210.4, event: 'detect', detail: '"cdn-a" is down' },
    { at: START + 3_000, event: 'restored', detail: 'all is well' },
  ],
}

describe('the timeline of a drill', () => {
  it('aligns its columns and counts milliseconds from the injection', () => {
    expect(renderDrillTimeline(report)).toBe(
      [
        'Drill d1: fault of cdn-a, scope s1',
        'Viewers are served by another CDN within 5000 ms.',
        '',
        '    -12 ms  baseline  192.0.2.1 is answered with cdn-a',
        '      0 ms  inject    the relay of "cdn-a" is taken down',
        '   +210 ms  detect    "cdn-a" is down',
        '  +3000 ms  restored  all is well',
        '',
        '  detected after   210 ms',
        '  decided after    -',
        '  first answer     220 ms',
        '  first object     350 ms',
        '  restored after   800 ms',
        '  longest gap      420 ms',
        '  objects          5 before, 12 during, 1 lost',
        '  look-ups         10 before, 40 during',
        '',
        'SUCCEEDED: the first object on the new path came 350 ms after the injection; the budget is 5000 ms',
      ].join('\n'),
    )
  })

  it('can be shown before anything was injected', () => {
    const { verdict: _verdict, because: _because, endedAt: _endedAt, ...rest } = report
    const timeline = [{ at: START - 400, event: 'baseline', detail: 'steady' }]
    const lines = renderDrillTimeline({ ...rest, state: 'running', timeline }).split('\n')
    expect(lines[3]).toBe('  +600 ms  baseline  steady')
    expect(lines.slice(4)).toEqual(['', 'RUNNING'])
  })

  it('holds no colour of its own, and lets the painter colour without moving a column', () => {
    const painted = renderDrillTimeline(report, (style, text) => `<${style}>${text}</>`)
    expect(painted).toContain('<good>SUCCEEDED</>: the first object')
    expect(painted).toContain('<dim>  -12 ms</>')
    expect(painted.replaceAll(/<[a-z]*>|<\/>/g, '')).toBe(renderDrillTimeline(report))
  })
})
