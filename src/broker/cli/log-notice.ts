import type { LogFields } from '../log.ts'
import { printable } from './printable-text.ts'

/** The line that a log entry is worth on the terminal of whoever tries the lab, or `undefined`. */
export function noticeOf(event: string, fields: LogFields): string | undefined {
  const field = (name: string): string => printable(String(fields[name] ?? ''))
  switch (event) {
    case 'health.changed':
      // At the start that is no news.
      if (fields['from'] === 'unknown' && fields['to'] === 'up') return undefined
      return `${field('provider')}: ${field('from')} → ${field('to')} (${field('reason')})`
    case 'operation.ended':
      return field('kind') === 'failover' ? `scope ${field('scope')}: failover ${field('state')}` : undefined
    case 'drill.started':
      return `drill ${field('drill')}: ${field('method')} of ${field('provider')}`
    case 'drill.ended':
      return `drill ${field('drill')}: ${field('verdict')}`
    default:
      return undefined
  }
}
