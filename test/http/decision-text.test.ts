import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decisionText } from '../../src/broker/http/decision-text.ts'
import { decisionToWire, holdsConnectUrl } from '../../src/broker/http/routes/route-wire.ts'
import type { RouteAnswer } from '../../src/broker/route-service.ts'
import type { Candidate } from '../../src/routing/decision.ts'

/** Candidates as routing hands them out: many clients share `ranked`, and differ in the value of the match. */
const RANKED = ['a', 'b "quoted"', 'c'].map((provider, index) => ({
  provider,
  type: (['global', 'countrycode', 'ipv4cidr'] as const)[index] ?? 'global',
  prefixLength: index * 8,
  priority: index + 0.5,
  weight: 100,
}))

const candidates: fc.Arbitrary<readonly Candidate[]> = fc
  .subarray(RANKED)
  .chain((ranked) => fc.tuple(...ranked.map((one) => fc.tuple(fc.constant(one), fc.constantFrom('de', 'us', 'ä"\\')))))
  .map((chosen) =>
    chosen.map(([ranked, value]) => ({
      ...ranked,
      matched: { type: ranked.type, value, prefixLength: ranked.prefixLength },
      addresses: [],
      redirectTargets: [],
      because: [],
      ranked,
    })),
  )

const urls = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom(...RANKED.map(({ provider }) => provider)),
    fc.record({ url: fc.constantFrom('moqt://x/1', 'moqt://x/"2"'), publishCapable: fc.boolean() }),
  ),
  { selector: ([provider]) => provider },
)

it('a decision put together from parts is the one that is written at once', () => {
  fc.assert(
    fc.property(
      candidates,
      urls,
      fc.constantFrom('reader', 'operator', 'admin'),
      fc.boolean(),
      fc.ipV6(),
      (chosen, connect, role, panic, client) => {
        const answer: RouteAnswer = {
          decision: {
            client,
            candidates: chosen,
            behind: [],
            rejected: [],
            ttlSeconds: 30,
            panic,
            policy: 'p',
            advertisements: [],
          },
          connectUrls: new Map(connect),
          sameFor: undefined,
          versions: { map: undefined, geo: [], health: [] },
          coverage: undefined,
        }
        const wire = decisionToWire(answer, { role, explain: false, now: 0 })
        const { bodyBytes, ...text } = decisionText(answer, role)
        expect(bodyBytes).toBe(Buffer.byteLength(text.body))
        expect(text).toEqual({
          body: JSON.stringify(wire),
          holdsConnectUrl: holdsConnectUrl(wire),
        })
      },
    ),
  )
})
