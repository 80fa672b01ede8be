import { z } from 'zod'
import type { MoqRelayCapability } from '../effective-capabilities.ts'
import { sortedTexts } from '../sorted-values.ts'
import type { KnownFeature } from './known-feature.ts'

/** `feature-type` under which a MoQ relay is advertised in `FCI.PrivateFeatures`; any `feature-oid` is accepted. */
export const MOQ_FEATURE_TYPE = 'MoQRelay'

const name = z.string().trim().min(1).max(64)

const texts = <T extends z.ZodType<string>>(item: T) =>
  z
    .union([z.array(item).max(64), item.transform((one) => [one])])
    .transform((list) => sortedTexts(list))
    .exactOptional()

/** `16`, `"draft-16"` and `"MOQT-16"` are `moqt-16`; `moq-lite-04` stays. */
const draft = z.union([z.int().min(0).max(999).transform(String), name]).transform((given) => {
  const text = given.toLowerCase().replace(/^(?:draft-(?:ietf-moq-transport-)?|moqt-draft-)(?=\d)/, 'moqt-')
  return /^\d{1,3}$/.test(text) ? `moqt-${text.padStart(2, '0')}` : text
})

const TRANSPORTS: ReadonlyMap<string, string> = new Map([
  ['wt', 'webtransport'],
  ['web-transport', 'webtransport'],
  ['ws', 'websocket'],
  ['wss', 'websocket'],
  ['web-socket', 'websocket'],
  ['raw-quic', 'quic'],
])
const ROLES: ReadonlyMap<string, string> = new Map([
  ['publisher', 'publish'],
  ['subscriber', 'subscribe'],
])

const oneOf = (aliases: ReadonlyMap<string, string>) =>
  name.transform((given) => aliases.get(given.toLowerCase()) ?? given.toLowerCase())

const moqRelaySchema = z.looseObject({
  drafts: texts(draft),
  transports: texts(oneOf(TRANSPORTS)),
  roles: texts(oneOf(ROLES)),
  'fallback-kinds': texts(name.transform((given) => given.toLowerCase().replace(/:(?:\/\/)?$/, ''))),
})

/** The `feature-value` of a MoQ relay: what it can do, each list optional. */
export const MOQ_RELAY_FEATURE: KnownFeature = {
  type: MOQ_FEATURE_TYPE,
  schema: moqRelaySchema,
  aliases: new Map([
    ['draft', 'drafts'],
    ['versions', 'drafts'],
    ['moq-drafts', 'drafts'],
    ['moqt-drafts', 'drafts'],
    ['transport', 'transports'],
    ['role', 'roles'],
    ['fallback_kinds', 'fallback-kinds'],
    ['fallbackKinds', 'fallback-kinds'],
    ['fallbacks', 'fallback-kinds'],
  ]),
}

/** What a canonical `feature-value` says; a value that is none says nothing. */
export function moqRelayOf(value: unknown): MoqRelayCapability {
  const { data } = moqRelaySchema.safeParse(value ?? {})
  if (data === undefined) return {}
  const { drafts, transports, roles, 'fallback-kinds': fallbackKinds } = data
  return {
    ...(drafts && { drafts }),
    ...(transports && { transports }),
    ...(roles && { roles }),
    ...(fallbackKinds && { fallbackKinds }),
  }
}
