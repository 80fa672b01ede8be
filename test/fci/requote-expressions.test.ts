import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AdvertisementError } from '../../src/fci/advertisement-error.ts'
import { parseNamedDocumentText } from '../../src/fci/named/read-named-document.ts'
import { parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'
import { requoteExpressions } from '../../src/fci/requote-expressions.ts'

/** [NF] 2.4 as printed, inside an advertisement. */
const AS_PRINTED = [
  '{ "footprint-type": "expr", "footprint-value": [ " ( $ep.country == "us" ) and\n    not $ep.ipv4addr ipmatch ( "10.1.1/24" or "10.1.2.0/24" )" ] }',
  '{ "footprint-type": "expr", "footprint-value": [ "( $ep.asn = 1234 ) or\n    ( $ep.ipv4addr ipmatch "192.168.1/24" ) or\n    ( $ep.ipv6addr ipmatch "2001:db8:3333:4444/48" )" ] }',
  '{ "footprint-type": "expr", "footprint-value": [ "( $ep.country == "us" ) and\n    not ( $ep.subdivision=="us-ny" )" ] }',
]

function advertisementOf(footprint: string): string {
  return `{"capabilities":[{"capability-type":"FCI.Metadata","capability-value":{"metadata":[]},"footprints":[${footprint}]}]}`
}

function escaped(footprint: string): string {
  return footprint.replace(/\[ "([\s\S]*)" \]/, (_, inner: string) => `[ ${JSON.stringify(inner)} ]`)
}

describe('expressions with bare quotation marks, as the named footprints draft prints them', () => {
  it.each(AS_PRINTED)('are read like the escaped form, under a finding: %j', (footprint) => {
    const read = parseAdvertisementText(advertisementOf(footprint))
    const meant = parseAdvertisementText(advertisementOf(escaped(footprint)))
    expect(read.capabilities).toEqual(meant.capabilities)
    expect(read.diagnostics.map(({ code }) => code)).toEqual([
      'expr-inner-quotes',
      ...meant.diagnostics.map(({ code }) => code),
    ])
    expect(JSON.stringify(printAdvertisement(read))).not.toContain('$ep')
  })

  it.each(AS_PRINTED)('are refused in strict mode: %j', (footprint) => {
    expect(() => parseAdvertisementText(advertisementOf(footprint), { mode: 'strict' })).toThrow(AdvertisementError)
  })

  it('are read in named footprints too', () => {
    const text = `{"footprint-name":"a","footprint-uri":"https://oc.dcdn.com/a","footprint-expires":"2099-02-09T17:32:28Z","footprint-def":${AS_PRINTED[2]}}`
    const document = parseNamedDocumentText(text)
    expect(document).toMatchObject({ kind: 'footprint' })
    expect(document.diagnostics[0]?.code).toBe('expr-inner-quotes')
  })

  it('do not make anything else of a text that is no JSON readable', () => {
    const broken = advertisementOf(AS_PRINTED[0] ?? '').replace('"metadata":[]', '"metadata":[],')
    expect(() => parseAdvertisementText(broken)).toThrow(AdvertisementError)
    expect(() => parseAdvertisementText('{"capabilities":[{"a" "b"}]}')).toThrow(AdvertisementError)
  })

  it('leave sound expressions of the same text alone', () => {
    const sound = '{ "footprint-type": "expr", "footprint-value": [ "ep.country == \\"de\\"" ] }'
    const text = `[${sound}, ${AS_PRINTED[2]}]`
    expect(requoteExpressions(text)).toBe(`[${sound}, ${escaped(AS_PRINTED[2] ?? '')}]`)
    expect(requoteExpressions(sound)).toBeUndefined()
  })

  it('cost linear time, however often one begins and never ends', () => {
    const text = '{"footprint-type":"expr","footprint-value":["'.repeat(20_000)
    const started = performance.now()
    expect(() => parseAdvertisementText(text)).toThrow(AdvertisementError)
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it('change nothing but quotation marks, whatever the text', () => {
    const part = fc.constantFrom('"footprint-type":"expr","footprint-value":["', '"', ']', '}', ' ', 'a')
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('')
        expect((requoteExpressions(text) ?? text).replaceAll('\\"', '"')).toBe(text)
      }),
    )
  })
})
