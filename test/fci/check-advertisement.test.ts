import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkAdvertisement } from '../../src/fci/check-advertisement.ts'
import { diagnosticClause } from '../../src/fci/diagnostic-clauses.ts'
import { locatePointers } from '../../src/fci/locate-pointers.ts'

const advertisement = (...capabilities: readonly object[]): string => JSON.stringify({ capabilities }, undefined, 2)
const delivery = (footprints?: readonly object[]) => ({
  'capability-type': 'FCI.DeliveryProtocol',
  'capability-value': { 'delivery-protocols': ['https/1.1'] },
  ...(footprints && { footprints }),
})

describe('the lines of pointers', () => {
  test('are those on which the values begin', () => {
    const text = '{\n "a": [1, "x\\"\\n{",\n  {"b/c~d": {}}\n ],\n "\\u0065": true\n}'
    const pointers = ['', '/a', '/a/1', '/a/2', '/a/2/b~1c~0d', '/e', '/a/7/x']
    expect(Object.fromEntries(locatePointers(text, pointers))).toEqual({
      '': 1,
      '/a': 2,
      '/a/1': 2,
      '/a/2': 3,
      '/a/2/b~1c~0d': 3,
      '/e': 5,
      '/a/7/x': 2,
    })
  })

  test('are found for every value of any document', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify({ first: 1, value }, undefined, 1)
        const pointers: string[] = []
        const visit = (one: unknown, pointer: string): void => {
          pointers.push(pointer)
          if (typeof one !== 'object' || one === null) return
          for (const [name, member] of Object.entries(one)) {
            visit(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
          }
        }
        visit(value, '/value')
        const lines = locatePointers(text, pointers)
        // One value per line, in the order in which JSON.stringify prints them.
        const order = pointers.map((pointer) => lines.get(pointer) ?? 0)
        expect(order[0]).toBe(3)
        expect(order).toEqual([...order].sort((a, b) => a - b))
        expect(new Set(order).size).toBe(order.length)
      }),
    )
  })
})

describe('the check of an advertisement', () => {
  test('gives every finding its line and its rule', () => {
    const text = advertisement(delivery([{ 'footprint-type': 'countrycode', 'footprint-value': ['de', 'Italy'] }]))
    const report = checkAdvertisement(text, {})
    expect(report.envelope).toBe('rfc8008')
    expect(report.findings).toEqual([
      {
        severity: 'error',
        code: 'country-invalid',
        pointer: '/capabilities/0/footprints/0/footprint-value/1',
        message: '"Italy" is not a country code such as "us"',
        line: text.split('\n').findIndex((line) => line.includes('Italy')) + 1,
        ...diagnosticClause('country-invalid'),
      },
    ])
    expect(report.understood?.delivery).toMatchObject({ countries: ['de'], ipv4Addresses: 0, isGlobal: false })
    expect(report.understood?.moq).toBeUndefined()
  })

  test.each([
    ['{', 'invalid-json'],
    ['', 'invalid-json'],
    ['{"capabilities":[],"capabilities":[]}', 'duplicate-member'],
    ['['.repeat(100), 'too-deep'],
    ['{}', 'not-an-advertisement'],
    ['[]', 'not-an-advertisement'],
    ['[{"capabilities":[]},{}]', 'not-an-advertisement'],
  ])('of %j finds one error and understands nothing', (text, code) => {
    const report = checkAdvertisement(text, {})
    expect(report.findings).toMatchObject([{ severity: 'error', code, clause: expect.stringMatching(/./) }])
    expect(report.understood).toBeUndefined()
  })

  test('knows the other envelopes', () => {
    const alto = { meta: {}, 'cdni-advertisement': { 'capabilities-with-footprints': [delivery()] } }
    expect(checkAdvertisement(JSON.stringify(alto), {})).toMatchObject({ envelope: 'rfc9241', findings: [] })
    const bad = delivery([{ 'footprint-type': 'asn', 'footprint-value': ['x'] }])
    const list = `[${advertisement(delivery())},\n${advertisement(bad)}]`
    const report = checkAdvertisement(list, {})
    expect(report).toMatchObject({
      envelope: 'array',
      findings: [{ code: 'asn-invalid' }, { code: 'footprint-empty' }],
    })
    expect(report.findings[0]?.pointer).toBe('/1/capabilities/0/footprints/0/footprint-value/0')
    expect(report.understood?.capabilities).toHaveLength(2)
  })

  test('of any text is a report', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ capabilities: [value] })),
        ),
        (text) => {
          for (const { clause } of checkAdvertisement(text, {}).findings) expect(clause).not.toBe('')
        },
      ),
    )
  })

  test('shows no secret of a logging source', () => {
    const source = {
      'capability-type': 'FCI.LoggingSource',
      'capability-value': { transports: [{ password: 'hunter2' }] },
    }
    const { understood } = checkAdvertisement(advertisement(source), {})
    expect(JSON.stringify(understood?.capabilities)).toContain('[secret]')
    expect(JSON.stringify(understood?.capabilities)).not.toContain('hunter2')
  })
})
