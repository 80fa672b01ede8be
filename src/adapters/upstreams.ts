import type { Capabilities } from './capabilities.ts'
import { AdapterError } from './errors.ts'

/**
 * Refuses upstreams that the adapter declares it cannot take, before anything is sent.
 * Throws `AdapterError` of kind `unsupported`; its message names no URL, since upstreams hold tokens.
 */
export function requireUpstreams(
  upstreams: readonly string[],
  capabilities: Pick<Capabilities, 'maxUpstreams' | 'upstreamSchemes'>,
  call: { readonly provider: string; readonly operation: string },
): void {
  const fault = upstreamsFault(upstreams, capabilities)
  if (fault !== undefined) throw new AdapterError('unsupported', { ...call, detail: fault, effect: 'none' })
}

function upstreamsFault(
  upstreams: readonly string[],
  { maxUpstreams, upstreamSchemes }: Pick<Capabilities, 'maxUpstreams' | 'upstreamSchemes'>,
): string | undefined {
  if (upstreams.length > maxUpstreams) {
    return `${upstreams.length} upstreams were asked for; this provider takes at most ${maxUpstreams}`
  }
  for (const [index, upstream] of upstreams.entries()) {
    const scheme = URL.canParse(upstream) ? new URL(upstream).protocol.slice(0, -1) : undefined
    if (scheme === undefined) return `upstream ${index + 1} is not an absolute URL`
    if (!upstreamSchemes.includes(scheme)) {
      return `upstream ${index + 1} has the scheme "${scheme}"; this provider takes ${upstreamSchemes.join(', ')}`
    }
  }
  return undefined
}
