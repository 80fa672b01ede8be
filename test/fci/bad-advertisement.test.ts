import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AdvertisementError } from '../../src/fci/advertisement-error.ts'
import { parseAdvertisement, parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'

describe('bad input', () => {
  const capability = (footprints: unknown) => ({
    'capability-type': 'FCI.DeliveryProtocol',
    'capability-value': { 'delivery-protocols': ['moqt'] },
    footprints,
  })
  const faultOf = (read: () => unknown): string => {
    try {
      read()
    } catch (error) {
      if (error instanceof AdvertisementError) return error.fault
      throw error
    }
    return 'none'
  }

  test.each([
    ['no JSON', '{', 'invalid-json'],
    ['nothing at all', '', 'invalid-json'],
    ['a number', '7', 'not-an-advertisement'],
    ['a list', '[]', 'not-an-advertisement'],
    ['capabilities of another shape', '{"capabilities":{}}', 'not-an-advertisement'],
    ['an ALTO envelope without content', '{"cdni-advertisement":{}}', 'not-an-advertisement'],
    ['nesting without end', '['.repeat(100_000), 'too-deep'],
    ['objects without end', '{"a":'.repeat(100_000), 'too-deep'],
    ['a name twice, once escaped', '{"capabilities":[],"\\u0063apabilities":[]}', 'duplicate-member'],
    [
      'a name twice inside an unknown value',
      '{"capabilities":[{"capability-type":"X","capability-value":{"a":{"b":1,"b":2}}}]}',
      'duplicate-member',
    ],
    ['a stray bracket', '{"capabilities":[]]}', 'invalid-json'],
    ['an open string', '{"capabilities', 'invalid-json'],
  ])('%s is refused', (_, text, fault) => {
    expect(faultOf(() => parseAdvertisementText(text))).toBe(fault)
  })

  test('names may occur in several objects, and text inside strings is no structure', () => {
    const text =
      '{"capabilities":[{"capability-type":"X","capability-value":["{\\"a\\":[","}"]},{"capability-type":"X","capability-value":{"x":"\\\\"}}]}'
    expect(parseAdvertisementText(text).capabilities.map(({ value }) => value)).toEqual([['{"a":[', '}'], { x: '\\' }])
  })

  test('any text is either read or refused with a fault', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '"capabilities"',
      '"capability-type"',
      '"X"',
      '1',
      'null',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
        ),
        (text) => {
          expect(faultOf(() => parseAdvertisementText(text))).toMatch(
            /^(none|invalid-json|duplicate-member|not-an-advertisement)$/,
          )
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('texts, lists and values beyond the limits are refused', () => {
    const document = {
      capabilities: [capability([{ 'footprint-type': 'asn', 'footprint-value': ['as1', 'as2', 'as3'] }])],
    }
    expect(faultOf(() => parseAdvertisementText(JSON.stringify(document), { maxLength: 40 }))).toBe('too-large')
    expect(faultOf(() => parseAdvertisement(document, { maxFootprintValues: 3 }))).toBe('too-large')
    expect(faultOf(() => parseAdvertisement(document, { maxFootprintValues: 4 }))).toBe('none')
    expect(faultOf(() => parseAdvertisement({ capabilities: [{}, {}] }, { maxCapabilities: 1 }))).toBe('too-large')
  })

  test('findings are bounded', () => {
    const values = Array.from({ length: 50 }, () => 'x')
    const { diagnostics } = parseAdvertisement(
      { capabilities: [capability([{ 'footprint-type': 'asn', 'footprint-value': values }])] },
      { maxDiagnostics: 10 },
    )
    expect(diagnostics).toHaveLength(11)
    expect(diagnostics.at(-1)?.code).toBe('diagnostics-truncated')
  })

  test('unions that multiply without end cover nobody', () => {
    const union = (type: string, offset: number) => ({
      'footprint-type': 'footprintunion',
      'footprint-value': Array.from({ length: 100 }, (_, i) => ({
        'footprint-type': `${type}${i + offset}`,
        'footprint-value': [],
      })),
    })
    const { capabilities, diagnostics } = parseAdvertisement({
      capabilities: [capability([union('a', 0), union('b', 0)])],
    })
    expect(capabilities[0]?.footprint).toEqual({ kind: 'some', anyOf: [] })
    expect(diagnostics.map(({ code }) => code)).toContain('footprint-too-complex')
  })

  test('objects that hold themselves cover nobody', () => {
    const loop: { 'footprint-type': string; 'footprint-value': unknown[] } = {
      'footprint-type': 'x-loop',
      'footprint-value': [],
    }
    loop['footprint-value'].push(loop)
    const union: typeof loop = { 'footprint-type': 'footprintunion', 'footprint-value': [] }
    union['footprint-value'].push(union)
    const { capabilities } = parseAdvertisement({
      capabilities: [capability([loop]), { ...capability([union]), 'capability-type': 'FCI.X' }],
    })
    for (const { footprint } of capabilities) expect(footprint).toEqual({ kind: 'some', anyOf: [] })
    expect(capabilities).toHaveLength(2)
  })

  test('a hundred thousand footprint objects are read in seconds', { timeout: 8000 }, () => {
    const objects = Array.from({ length: 100_000 }, (_, i) => ({
      'footprint-type': 'asn',
      'footprint-value': [`as${i}`],
    }))
    const { capabilities } = parseAdvertisement({ capabilities: [capability(objects)] })
    expect(capabilities[0]?.footprint).toMatchObject({ kind: 'some', anyOf: [{ asns: { length: 100_000 } }] })
  })

  test('a value named __proto__ is a value like any other', () => {
    const text = '{"capabilities":[{"capability-type":"X","capability-value":{"__proto__":{"polluted":true}}}]}'
    expect(JSON.stringify(parseAdvertisementText(text).capabilities[0]?.value)).toBe('{"__proto__":{"polluted":true}}')
    expect({}).not.toHaveProperty('polluted')
  })
})
