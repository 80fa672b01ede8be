import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../src/fci/canonical-json.ts'
import { toJsonValue } from '../../src/fci/canonical-json.ts'
import { capabilityTypeOf, isUnderstood, readCapabilityValue } from '../../src/fci/capability-value.ts'
import { effectiveCapabilities } from '../../src/fci/merge-capabilities.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { startReading } from '../../src/fci/reading.ts'
import { serves } from '../../src/fci/serves.ts'

/** Per type a sound value; the fuzzer breaks it in one or more places. */
const SOUND: Readonly<Record<string, JsonValue>> = {
  'FCI.DeliveryProtocol': { 'delivery-protocols': ['http/1.1', 'moqt'] },
  'FCI.AcquisitionProtocol': { 'acquisition-protocols': ['https/1.1'] },
  'FCI.RedirectionMode': { 'redirection-modes': ['DNS-I', 'HTTP-R'] },
  'FCI.Metadata': { metadata: ['MI.Cache', 'MI.LocationACL'] },
  'FCI.Logging': { 'record-type': 'cdni_http_request_v1', fields: ['s-sid'] },
  'FCI.PrivateFeatures': {
    features: [{ 'feature-oid': 'a', 'feature-type': 'MoQRelay', 'feature-value': { drafts: ['moqt-16'] } }],
  },
  'FCI.RedirectTarget': {
    'redirecting-hosts': ['a.example', 'b.example:80'],
    'dns-target': { host: 'd.example' },
    'http-target': { host: 'e.example', scheme: 'https', 'path-prefix': '/x/', 'include-redirecting-host': true },
  },
  'FCI.CapacityLimits': {
    limits: [{ id: 'l', 'limit-type': 'egress', 'maximum-hard': 9, 'maximum-soft': 5, current: 1 }],
  },
  'FCI.Telemetry': { sources: [{ id: 's', type: 'generic', metrics: [{ name: 'm', latency: 5 }] }] },
  'FCI.DelegatedCredentials': { 'number-delegated-certs-supported': 3, PrivateKeyEncryptionKey: '{}' },
  'FCI.CITEndpoint': {
    'trigger-endpoint-uri': 'https://d.example/t',
    'trigger-versions': ['v1'],
    'trigger-subjects': ['content'],
  },
  'FCI.CITScope': { 'trigger-action': 'purge', 'trigger-subject': 'content', 'trigger-specs': ['urls'] },
  'FCI.CITObjectListType': { 'object-list-types': ['hls'] },
  'FCI.CITUrlType': { 'url-type-support': ['private'] },
  'FCI.CITPrivateUrlType': { 'private-url-type-support': true },
  'FCI.CITExtendedStatus': { 'extended-status-objects': ['trigger-state'] },
  'FCI.RequestRoutingInterface': {
    'forwarding-hosts': ['a.example'],
    'request-router-target': { host: 'r.example', 'include-forwarding-host': true },
    protocol: ['RFC7975'],
  },
  'FCI.MetadataExtended': { 'supported-objects': [{ 'object-name': 'MI.Cache', 'allowed-contexts': ['x'] }] },
  'FCI.SupportedMELFeatures': { keywords: ['and'], operators: ['=='] },
  'FCI.LoggingPush': { 'record-types': ['a'], 'allow-include-headers': true },
  'FCI.LoggingSource': { hosts: ['a.example'], transports: [{ password: 'x' }] },
}
const types = Object.keys(SOUND)

const junk = fc.oneof(
  fc.constantFrom<JsonValue>(
    null,
    '',
    0,
    -1,
    1.5,
    '7',
    true,
    [],
    {},
    [null],
    ['x', 7],
    { host: 'x:0' },
    '//x',
    2 ** 53,
  ),
  fc.jsonValue().map((value): JsonValue => toJsonValue(value, 64) ?? null),
)

/** The value with something else at one place in it, or with a member too many. */
function broken(value: JsonValue): fc.Arbitrary<JsonValue> {
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value
    return fc.oneof(
      junk,
      junk.map((one): JsonValue => [...items, one]),
      ...items.map((item, i) => broken(item).map((one): JsonValue => items.map((kept, j) => (i === j ? one : kept)))),
    )
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return junk
  const members = Object.entries(value)
  const object = Object.fromEntries(members)
  return fc.oneof(
    junk,
    fc
      .constantFrom(...members.map(([name]) => name))
      .map((gone): JsonValue => Object.fromEntries(members.filter(([name]) => name !== gone))),
    fc
      .tuple(fc.constantFrom('Id', 'id', 'x', 'host', 'limits', 'features'), junk)
      .map(([name, one]): JsonValue => ({ ...object, [name]: one })),
    ...members.map(([name, member]) => broken(member ?? null).map((one): JsonValue => ({ ...object, [name]: one }))),
  )
}

const faulty = fc.constantFrom(...types).chain((type) => {
  const once = broken(SOUND[type] ?? null)
  return fc.tuple(fc.constant(type), fc.oneof(once, once.chain(broken)))
})

const read = (type: string, value: unknown, mode: 'lenient' | 'strict') => {
  const reading = startReading({ mode }, () => new Map())
  return { value: readCapabilityValue(type, value, '', reading), diagnostics: reading.diagnostics }
}

describe('the value of a capability', () => {
  test.each(types)('of type %s has one canonical form, which is read without a finding', (type) => {
    expect(isUnderstood(type)).toBe(true)
    expect(capabilityTypeOf(type.toUpperCase())).toBe(type)
    expect(read(type, SOUND[type], 'strict')).toEqual({ value: SOUND[type], diagnostics: [] })
  })

  test('that is faulty is read into a strict form or left out with an error, and never throws', () => {
    fc.assert(
      fc.property(faulty, fc.constantFrom('lenient' as const, 'strict' as const), ([type, value], mode) => {
        const once = read(type, value, mode)
        if (once.value === undefined) {
          expect(once.diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
          return
        }
        const again = read(type, once.value, 'strict')
        expect(again.value).toEqual(once.value)
        expect(again.diagnostics).toEqual([])
      }),
      { numRuns: 5000 },
    )
  }, 120_000)

  test('that is faulty offers no more than the same without its faults, except what is told as another name', () => {
    const mergedOf = (type: string, value: JsonValue) =>
      effectiveCapabilities(
        parseAdvertisement(
          { capabilities: [{ 'capability-type': type, 'capability-value': value }] },
          { mode: 'strict' },
        ).capabilities,
      )
    fc.assert(
      fc.property(fc.constantFrom('FCI.RedirectTarget', 'FCI.CapacityLimits'), fc.nat(), junk, (type, at, one) => {
        if (type === 'FCI.RedirectTarget') {
          // A list of hosts that cannot be read must not become all hosts.
          const targets = mergedOf(type, {
            'redirecting-hosts': [one],
            'dns-target': { host: 'd.example' },
          }).redirectTargets
          for (const { redirectingHosts, dnsTarget } of targets) {
            if (dnsTarget !== undefined) expect(redirectingHosts).not.toEqual([])
          }
          return
        }
        // A limit is there whatever its numbers are, and never above what was written.
        const members = ['maximum-hard', 'maximum-soft', 'current', 'id', 'telemetry-source']
        const limit = { 'limit-type': 'egress', 'maximum-hard': 10, [members[at % members.length] ?? 'id']: one }
        const limits = mergedOf(type, { limits: [limit] }).capacityLimits
        expect(limits).toHaveLength(1)
        const written = typeof limit['maximum-hard'] === 'number' ? Math.max(0, limit['maximum-hard']) : 0
        expect(limits[0]?.maximumHard ?? 1).toBeLessThanOrEqual(written)
        expect(limits[0]?.maximumSoft ?? 1).toBeLessThanOrEqual(limits[0]?.maximumHard ?? 0)
      }),
      { numRuns: 2000 },
    )
  }, 60_000)

  test('is asked for the same requirement with the same answer in whatever order objects come', () => {
    const capability = fc
      .constantFrom(...types)
      .map((type) => ({ 'capability-type': type, 'capability-value': SOUND[type] ?? null }))
    fc.assert(
      fc.property(fc.array(capability, { maxLength: 6 }), (capabilities) => {
        const offer = (list: readonly unknown[]) =>
          effectiveCapabilities(parseAdvertisement({ capabilities: list }).capabilities)
        const requirement = { deliveryProtocols: ['moqt'], moqDrafts: ['moqt-16'], metadataTypes: ['mi.cache'] }
        const [forth, back] = [offer(capabilities), offer([...capabilities].reverse())]
        expect(serves(forth, requirement)).toBe(serves(back, requirement))
        expect(forth.privateFeatures).toEqual(back.privateFeatures)
      }),
    )
  })
})
