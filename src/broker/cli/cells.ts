import { ageInWords } from './duration.ts'
import type { Cell } from './table.ts'
import type { Format } from './terminal.ts'

const GOOD = new Set(['ready', 'enabled', 'up', 'closed', 'succeeded', 'done', 'current'])
const BAD = new Set(['failed', 'down', 'open', 'disabled', 'skipped'])
const PASSING = new Set([
  'degraded',
  'drained',
  'unwired',
  'half_open',
  'pending',
  'provisioning',
  'deleting',
  'leaving',
  'behind',
  'missing',
])

/** A state in its colour. */
export function stateCell(state: string): Cell {
  const format = formatOfState(state)
  return format === undefined ? state : { text: state, format }
}

export function formatOfState(state: string): Format | undefined {
  if (GOOD.has(state)) return 'green'
  if (BAD.has(state)) return 'red'
  return PASSING.has(state) ? 'yellow' : undefined
}

/** `2026-11-21 06:11:00` in UTC; what is no time stays as it is. */
export function timeText(time: string): string {
  return /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.test(time) ? time.slice(0, 19).replace('T', ' ') : time
}

/** How long ago, or in how long. */
export function relativeTime(time: string, now: number): string {
  const at = Date.parse(time)
  if (Number.isNaN(at)) return time
  return at > now ? `in ${ageInWords(at - now)}` : `${ageInWords(now - at)} ago`
}
