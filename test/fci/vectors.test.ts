import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AdvertisementError } from '../../src/fci/advertisement-error.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { parseAdvertisement, parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import type { Address } from '../../src/fci/prefix.ts'
import { parseAddress } from '../../src/fci/prefix.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'

const FOLDER = new URL('./vectors/', import.meta.url)

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`a vector names the client ${text}, which is no address`)
  return address
}

/** Findings about what is kept as it came. */
const KEPT_UNREAD: ReadonlySet<string> = new Set([
  'footprint-type-unknown',
  'footprint-source-unknown',
  'footprint-source-insecure',
  'expr-syntax',
  'expr-sigil',
])

const clientSchema = z.strictObject({
  address: z.string().transform(addressOf),
  asn: z.int().exactOptional(),
  country: z.string().exactOptional(),
  subdivision: z.string().exactOptional(),
  /** Which capability of the canonical model, counted from 0. */
  capability: z.int().default(0),
  match: z.strictObject({ type: z.string(), value: z.string(), prefixLength: z.int() }).nullable(),
})

const vectorSchema = z.strictObject({
  name: z.string(),
  mode: z.enum(['strict', 'lenient']).exactOptional(),
  combination: z.enum(['and', 'or']).exactOptional(),
  document: z.unknown().optional(),
  text: z.string().optional(),
  refused: z.strictObject({ fault: z.string(), pointer: z.string() }).optional(),
  diagnostics: z.array(z.strictObject({ severity: z.string(), code: z.string(), pointer: z.string() })).optional(),
  canonical: z.unknown().optional(),
  clients: z.array(clientSchema).default([]),
})

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))

test('there are vectors of every source', () => {
  expect(files.sort()).toEqual([
    'named-footprints.json',
    'open-caching.json',
    'peer-habits.json',
    'private-features.json',
    'rfc8006.json',
    'rfc8008.json',
    'rfc8804.json',
    'rfc9241.json',
    'rfc9388.json',
    'rfc9808.json',
  ])
})

describe.each(files)('%s', (file) => {
  const vectors = z.array(vectorSchema).parse(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')))

  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const { mode, combination, refused, diagnostics, canonical, clients } = vector
    const options = { ...(mode && { mode }), ...(combination && { combination }) }
    const read = () => parseAdvertisementText(vector.text ?? JSON.stringify(vector.document), options)
    if (refused !== undefined) {
      expect(read).toThrow(expect.objectContaining({ ...refused, name: AdvertisementError.name }))
      return
    }
    const advertisement = read()
    expect(advertisement.diagnostics.map(({ severity, code, pointer }) => ({ severity, code, pointer }))).toEqual(
      diagnostics,
    )
    expect(printAdvertisement(advertisement)).toEqual(canonical)
    for (const { capability, match, ...client } of clients) {
      const footprint = advertisement.capabilities[capability]?.footprint
      expect((footprint && matchFootprint(footprint, client)) ?? null).toEqual(match)
    }
  })

  test.each(
    vectors.filter(({ refused }) => refused === undefined).map((vector) => [vector.name, vector.canonical] as const),
  )(
    'the canonical form of "%s" is read strictly without any finding worth an error, and printed unchanged',
    (_, canonical) => {
      const again = parseAdvertisement(canonical, { mode: 'strict' })
      expect(again.diagnostics.filter(({ code }) => !KEPT_UNREAD.has(code))).toEqual([])
      expect(printAdvertisement(again)).toEqual(canonical)
    },
  )
})
