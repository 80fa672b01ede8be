import type { ClientFacts } from '../src/fci/match-footprint.ts'
import { compileExpression } from '../src/fci/mel/evaluate-expression.ts'
import { readExpression } from '../src/fci/mel/read-expression.ts'
import type { Prefix } from '../src/fci/prefix.ts'
import { containsAddress, parsePrefix } from '../src/fci/prefix.ts'
import { seededRandom } from './fci-advertisement.ts'
import type { ComparisonResult } from './interleaved-rounds.ts'
import { compareInterleaved } from './interleaved-rounds.ts'

const EXPRESSION =
  'ep.country == "us" and not (ep.subdivision == "us-ny" or ep.ipv4addr ipmatch "10.1.1.0/24") or ep.asn == 64496'

const EXCLUDED = prefixOf('10.1.1.0/24')

/** The same by hand. */
function isAdmitted(client: ClientFacts): boolean {
  if (client.asn === 64496) return true
  const country = client.subdivision === undefined ? client.country : client.subdivision.slice(0, 2)
  if (country !== 'us' || client.subdivision === undefined || client.subdivision === 'us-ny') return false
  return !containsAddress(EXCLUDED, client.address)
}

/** Evaluations per second of a compiled expression against those of the same condition in TypeScript. */
export async function measureExpressions(rounds: number, signal: AbortSignal): Promise<ComparisonResult> {
  const clients = drawClients(10_000)
  const evaluate = compileExpression(readExpression(EXPRESSION, { lenient: true, qualifiersOf: () => 0 }).expression)
  const wrong = clients.find((client) => (evaluate(client) === true) !== isAdmitted(client))
  if (wrong !== undefined)
    throw new Error(`expression and TypeScript disagree on ${wrong.country} ${wrong.subdivision}`)
  const expected = clients.filter(isAdmitted).length
  const perSecond = (admits: (client: ClientFacts) => boolean) => async (): Promise<number> => {
    const passes = 50
    let admitted = 0
    const started = performance.now()
    for (let pass = 0; pass < passes; pass++) for (const client of clients) if (admits(client)) admitted++
    const seconds = (performance.now() - started) / 1000
    if (admitted !== expected * passes) throw new Error('an evaluation went wrong')
    return (passes * clients.length) / seconds
  }
  return compareInterleaved({
    subject: perSecond((client) => evaluate(client) === true),
    baseline: perSecond(isAdmitted),
    rounds,
    warmupRounds: 5,
    signal,
  })
}

function drawClients(count: number): readonly ClientFacts[] {
  const random = seededRandom(7)
  const pick = <T>(values: readonly [T, ...(readonly T[])]): T =>
    values[Math.floor(random() * values.length)] ?? values[0]
  return Array.from({ length: count }, (): ClientFacts => {
    const address =
      random() < 0.8
        ? { version: 4 as const, value: BigInt(0x0a010000 + Math.floor(random() * 1024)) }
        : { version: 6 as const, value: (0x20010db8n << 96n) | BigInt(Math.floor(random() * 1024)) }
    const subdivision = pick(['us-ny', 'us-nj', 'us-ca', 'ca-on', undefined])
    const asn = pick([64496, 64497, 64498, undefined])
    return { address, country: pick(['us', 'ca', 'de']), ...(subdivision && { subdivision }), ...(asn && { asn }) }
  })
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`${text} is no prefix`)
  return prefix
}
