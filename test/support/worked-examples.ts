import { parse } from 'yaml'
import { z } from 'zod'
import { versionOf } from '../../src/fci/advertisement-version.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { type Client, readClient } from '../../src/routing/client.ts'
import { decide } from '../../src/routing/decide.ts'
import type { Decision, ProviderFacts } from '../../src/routing/decision.ts'
import { plainRules } from '../../src/routing/footprint-rules.ts'
import type { Measured } from '../../src/routing/measured.ts'
import { plainPolicy } from '../../src/routing/policy.ts'
import { compilePolicy } from '../../src/routing/policy-file/compile-policy.ts'
import { lintPolicy } from '../../src/routing/policy-file/lint-policy.ts'
import { plainLookup } from '../../src/routing/provider-coverage.ts'
import { clientPrefixKey, stickinessKey } from '../../src/routing/routing-key.ts'
import { wireFootprint } from './routing-facts.ts'

const STALE_AGE_MS = 7_200_000

const Limit = z.strictObject({ type: z.string(), soft: z.number().optional(), hard: z.number(), used: z.number() })
const Provider = z.strictObject({
  /** `*`: everybody; a text with blanks: all of its words must hold at once; `nothing`: it has never advertised. */
  advertises: z.union([z.literal('nothing'), z.array(z.coerce.string())]).default(['*']),
  protocol: z.string().default('moqt'),
  drafts: z.array(z.string()).optional(),
  state: z.enum(['enabled', 'drained', 'disabled']).default('enabled'),
  health: z.enum(['unknown', 'up', 'degraded', 'down']).default('up'),
  drilled: z.boolean().default(false),
  age: z.enum(['fresh', 'stale', 'expired']).default('fresh'),
  priority: z.number().default(100),
  weight: z.number().default(100),
  placement: z.enum(['ready', 'not ready']).optional(),
  limits: z.array(Limit).default([]),
  /** Bytes in the period of its `volume`. */
  carried: z.number().optional(),
  rtt_ms: z.number().optional(),
  errors: z.number().optional(),
})
type Provider = z.infer<typeof Provider>

const Example = z.strictObject({
  client: z.strictObject({
    address: z.string(),
    country: z.string().optional(),
    subdivision: z.string().optional(),
    asn: z.number().optional(),
  }),
  at: z.string().default('2026-11-16T00:00:00Z'),
  scope: z.string().optional(),
  tenant: z.string().default('tenant'),
  session: z.string().optional(),
  policy: z.unknown().optional(),
  providers: z.record(z.string(), Provider),
  answer: z.strictObject({
    order: z.array(z.string()).optional(),
    /** Who comes first for which share of client networks. */
    first: z.record(z.string(), z.number()).optional(),
    matched: z.record(z.string(), z.string()).optional(),
    /** Why each candidate but the first stands behind the one before it. */
    behind: z.record(z.string(), z.string()).default({}),
    rejected: z.record(z.string(), z.string()).default({}),
    ttl_seconds: z.number().default(30),
    panic: z.boolean().default(false),
  }),
})
type Example = z.infer<typeof Example>

/** One worked example of a page: a fence of YAML under a heading of the third level. */
export interface WorkedExample {
  readonly title: string
  readonly example: Example
}

export function workedExamplesIn(page: string): readonly WorkedExample[] {
  return [...page.matchAll(/^### (.+)\n(?:(?!^##|^```)[^\n]*\n)*```yaml example\n([\s\S]*?)^```$/gm)].map(
    ([, title = '', text = '']) => ({ title, example: Example.parse(parse(text)) }),
  )
}

/** What the broker makes of it, for the client or for another address in its place. */
export function decideExample(example: Example): (address?: string) => Decision {
  const now = Date.parse(example.at)
  const names = Object.keys(example.providers)
  const { document, findings } = lintPolicy(example.policy ?? { version: 1 }, {
    providers: new Map(names.map((id) => [id, { weight: 100 }])),
    now,
  })
  if (document === undefined) throw new Error(`the policy has errors: ${JSON.stringify(findings)}`)
  const { scope } = example
  const base = plainPolicy({ ttlSeconds: 30, degradedTtlSeconds: 5, requireMoqCapability: true })
  const policy = compilePolicy(document, base, 'example').of(
    scope === undefined ? undefined : { id: scope, owner: example.tenant },
    now,
  )
  const providers = Object.entries(example.providers).map(([id, provider]) => factsOf(id, provider, now))
  return (address = example.client.address) => {
    const client = clientOf(example, address)
    return decide({
      client,
      coverage: plainLookup(client),
      rules: plainRules(client),
      providers,
      ...(scope === undefined ? {} : { placements: placementsOf(example) }),
      policy,
      now,
      key: stickinessKey(policy.stickiness, questionOf(example), clientPrefixKey(client.address)),
      usage: (id, { limitType }) => {
        const value = usageOf(example.providers[id], limitType)
        return value === undefined ? undefined : { value, at: now }
      },
      measured: (id) => measuredOf(example.providers[id]),
    })
  }
}

function clientOf({ client: { country, subdivision, asn } }: Example, address: string): Client {
  const read = readClient(address)
  if ('invalid' in read) throw new Error(read.invalid)
  return {
    ...read,
    ...(country === undefined ? {} : { country }),
    ...(subdivision === undefined ? {} : { subdivision }),
    ...(asn === undefined ? {} : { asn }),
  }
}

function usageOf(provider: Provider | undefined, limitType: string): number | undefined {
  return limitType === 'volume' ? provider?.carried : provider?.limits.find(({ type }) => type === limitType)?.used
}

function measuredOf(provider: Provider | undefined): Measured | undefined {
  const { rtt_ms: rttMs, errors: errorShare } = provider ?? {}
  if (rttMs === undefined && errorShare === undefined) return undefined
  return {
    ...(rttMs === undefined ? {} : { rttMs }),
    ...(errorShare === undefined ? {} : { errorShare }),
    of: 'everybody',
    weight: 10,
    ageSeconds: 0,
  }
}

function questionOf({ scope, session }: Example) {
  return { ...(scope === undefined ? {} : { scope }), ...(session === undefined ? {} : { session }) }
}

function placementsOf({ providers }: Example) {
  return new Map(
    Object.entries(providers).flatMap(([id, { placement }]) =>
      placement === undefined
        ? []
        : [[id, placement === 'ready' ? ('ready' as const) : ('not_ready' as const)] as const],
    ),
  )
}

function factsOf(id: string, provider: Provider, now: number): ProviderFacts {
  const { advertises, state, health, drilled, age, priority, weight } = provider
  const facts = {
    id,
    administrative: { state },
    health: { state: health },
    priority,
    weight,
    ...(drilled ? { drilled: { drill: 'drill-1' } } : {}),
  }
  if (advertises === 'nothing') return facts
  const model = parseAdvertisement({
    capabilities: advertises.flatMap((words) => {
      const footprints = words === '*' ? {} : { footprints: words.split(' ').map(wireFootprint) }
      return capabilitiesOf(provider).map((capability) => ({ ...capability, ...footprints }))
    }),
  })
  return {
    ...facts,
    advertisement: {
      model,
      version: versionOf(model),
      fetchedAt: now,
      confirmedAt: age === 'fresh' ? now : now - STALE_AGE_MS,
      stale: age !== 'fresh',
      expired: age === 'expired',
    },
  }
}

function capabilitiesOf({ protocol, drafts, limits }: Provider) {
  return [
    { 'capability-type': 'FCI.DeliveryProtocol', 'capability-value': { 'delivery-protocols': [protocol] } },
    ...(drafts === undefined
      ? []
      : [
          {
            'capability-type': 'FCI.PrivateFeatures',
            'capability-value': {
              features: [{ 'feature-oid': 'example', 'feature-type': 'MoQRelay', 'feature-value': { drafts } }],
            },
          },
        ]),
    ...(limits.length === 0
      ? []
      : [
          {
            'capability-type': 'FCI.CapacityLimits',
            'capability-value': {
              limits: limits.map(({ type, soft, hard }) => ({
                'limit-type': type,
                'maximum-hard': hard,
                ...(soft === undefined ? {} : { 'maximum-soft': soft }),
              })),
            },
          },
        ]),
  ]
}
