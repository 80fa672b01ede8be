import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AdvertisementError } from '../../src/fci/advertisement-error.ts'
import { isLocationAllowed, readLocationRules } from '../../src/fci/location-rules.ts'
import { findNamedFootprint } from '../../src/fci/named/find-named-footprint.ts'
import { rootsOf } from '../../src/fci/named/named-footprint.ts'
import { namedReferencesIn } from '../../src/fci/named/named-references.ts'
import { buildNamedRegistry } from '../../src/fci/named/named-registry.ts'
import { printNamedFootprint, printNamespace } from '../../src/fci/named/print-named-document.ts'
import { parseNamedDocument, parseNamedDocumentText } from '../../src/fci/named/read-named-document.ts'
import { resolveNamespace } from '../../src/fci/named/resolve-named.ts'
import { parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import type { Address } from '../../src/fci/prefix.ts'
import { parseAddress } from '../../src/fci/prefix.ts'

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`a vector names the client ${text}, which is no address`)
  return address
}

const client = {
  address: z.string().transform(addressOf),
  asn: z.int().exactOptional(),
  country: z.string().exactOptional(),
  subdivision: z.string().exactOptional(),
}
const diagnostics = z.array(z.strictObject({ severity: z.string(), code: z.string(), pointer: z.string() }))
const refused = z.strictObject({ fault: z.string(), pointer: z.string() })

function readVectors<T>(name: string, schema: z.ZodType<T>): readonly T[] {
  const text = readFileSync(new URL(`./vectors/documents/${name}.json`, import.meta.url), 'utf8')
  return z.array(schema).parse(JSON.parse(text))
}

describe('named-footprints.json', () => {
  const vectors = readVectors(
    'named-footprints',
    z.strictObject({
      name: z.string(),
      mode: z.enum(['strict', 'lenient']).exactOptional(),
      text: z.string().exactOptional(),
      document: z.unknown().exactOptional(),
      refused: refused.exactOptional(),
      diagnostics: diagnostics.exactOptional(),
      canonical: z.unknown().exactOptional(),
      clients: z
        .array(z.strictObject({ ...client, path: z.array(z.string()), ambiguous: z.boolean().default(false) }))
        .default([]),
    }),
  )

  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const options = vector.mode === undefined ? {} : { mode: vector.mode }
    const read = () => parseNamedDocumentText(vector.text ?? JSON.stringify(vector.document), options)
    if (vector.refused !== undefined) {
      expect(read).toThrow(expect.objectContaining({ ...vector.refused, name: AdvertisementError.name }))
      return
    }
    const document = read()
    expect(document.diagnostics.map(({ severity, code, pointer }) => ({ severity, code, pointer }))).toEqual(
      vector.diagnostics,
    )
    const print = (read_: typeof document) =>
      read_.kind === 'namespaces'
        ? read_.namespaces.map(printNamespace)
        : read_.kind === 'namespace'
          ? printNamespace(read_.namespace)
          : printNamedFootprint(read_.footprint)
    expect(print(document)).toEqual(vector.canonical)
    expect(print(parseNamedDocument(vector.canonical, { mode: 'strict' }))).toEqual(vector.canonical)

    const [first] = rootsOf(document)
    const now = (first?.expiresAt ?? 0) - 1
    const registry = buildNamedRegistry([{ document, fetchedAt: now }], 0)
    const namespace =
      document.kind === 'namespaces'
        ? document.namespaces[0]
        : document.kind === 'namespace'
          ? document.namespace
          : { name: '', type: 'coverage' as const, roots: rootsOf(document) }
    if (namespace === undefined) throw new Error('the vector has no namespace')
    const resolved = resolveNamespace(namespace, registry, now).namespace
    for (const { path, ambiguous, ...facts } of vector.clients) {
      const found = findNamedFootprint(resolved, facts)
      expect(found?.path.map(({ name }) => name) ?? []).toEqual(path)
      expect(found?.diagnostics.map(({ code }) => code) ?? []).toEqual(ambiguous ? ['footprint-ambiguous'] : [])
    }
  })
})

describe('location-rules.json', () => {
  const vectors = readVectors(
    'location-rules',
    z.strictObject({
      name: z.string(),
      document: z.unknown(),
      clients: z.array(z.strictObject({ ...client, allowed: z.boolean() })),
    }),
  )

  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, { document, clients }) => {
    const acl = readLocationRules(document)
    expect(acl.diagnostics).toEqual([])
    for (const { allowed, ...facts } of clients) expect(isLocationAllowed(acl, facts)).toBe(allowed)
  })
})

describe('named-references.json', () => {
  const vectors = readVectors(
    'named-references',
    z.strictObject({
      name: z.string(),
      text: z.string().exactOptional(),
      document: z.unknown().exactOptional(),
      references: z.array(z.strictObject({ uri: z.string(), pointer: z.string() })).exactOptional(),
    }),
  )

  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, { text, document, references }) => {
    if (references === undefined) expect((): unknown => JSON.parse(text ?? '')).toThrow(SyntaxError)
    else expect(namedReferencesIn(document)).toEqual(references)
  })
})

test('the expressions that the draft prints with bare quotes read as their corrected forms', () => {
  const schema = z.array(z.object({ name: z.string(), text: z.string().optional(), document: z.unknown().optional() }))
  const file = readFileSync(new URL('./vectors/named-footprints.json', import.meta.url), 'utf8')
  const vectors = schema
    .parse(JSON.parse(file))
    .filter(({ name }) => /^2\.4, (?:first|second|third) example/.test(name) && !name.endsWith('read strictly'))
  const printed = vectors.filter(({ text }) => text !== undefined)
  const corrected = vectors.filter(({ text }) => text === undefined)
  expect(printed).toHaveLength(3)
  expect(corrected).toHaveLength(3)
  for (const [i, { text = '' }] of printed.entries()) {
    const read = parseAdvertisementText(text)
    expect(read.capabilities).toEqual(parseAdvertisementText(JSON.stringify(corrected[i]?.document)).capabilities)
  }
})
