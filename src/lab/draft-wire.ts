import { z } from 'zod'
import type { LabScope } from './scope-registry.ts'
import { isUpstreamUrl } from './upstream-url.ts'

const upstreamUrlSchema = z.string().refine(isUpstreamUrl, 'must be an absolute moqt:// or https:// URL with a host')

/** `OriginFallback` of the draft's OpenAPI; `url` is not required there. */
export const originFallbackSchema = z.object({ url: upstreamUrlSchema.exactOptional() })

/** `ScopeConfig` of the draft's OpenAPI. */
const scopeConfigSchema = z.object({ origin_fallback: originFallbackSchema.exactOptional() })

/** `CreateScopeRequest` of the draft's OpenAPI. Unknown members are ignored. */
export const createScopeRequestSchema = z.object({ config: scopeConfigSchema.exactOptional() })

export type ScopeConfig = z.infer<typeof scopeConfigSchema>

export function upstreamsFromConfig(config: ScopeConfig | undefined): LabScope['upstreams'] {
  const url = config?.origin_fallback?.url
  return { enabled: true, urls: url === undefined ? [] : [url] }
}

export function configFromUpstreams(upstreams: LabScope['upstreams']): ScopeConfig {
  const url = upstreams.urls?.[0]
  return url === undefined ? {} : { origin_fallback: { url } }
}
