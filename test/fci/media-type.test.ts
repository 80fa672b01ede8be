import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMediaType, printCdniMediaType, ptypeOf } from '../../src/fci/media-type.ts'
import { mayHoldAdvertisement } from '../../src/fci/payload-types.ts'

function ptype(text: string): string | undefined {
  const mediaType = parseMediaType(text)
  return mediaType && ptypeOf(mediaType)
}

describe('application/cdni', () => {
  test.each([
    ['application/cdni; ptype=FCI.DeliveryProtocol', 'FCI.DeliveryProtocol'],
    ['application/cdni;ptype=logging-file', 'logging-file'],
    ['Application/CDNI \t;\t PTYPE="MI.HostIndex"', 'MI.HostIndex'],
    ['application/cdni; ptype="a\\b"', 'ab'],
    ['application/cdni; charset=utf-8; ptype=X', 'X'],
    ['application/cdni; ptype=X;', 'X'],
    ['application/cdni;; ptype=X', 'X'],
    ['application/cdni', undefined],
    ['application/cdni; ptype=', undefined],
    ['application/cdni; ptype=""', undefined],
    ['application/cdni; ptype = X', undefined],
    ['application/cdni; ptype=X; ptype=Y', undefined],
    ['application/cdni; ptype="X', undefined],
    ['application/cdni; ptype=X Y', undefined],
    ['application/cdni; ptype="X Y"', undefined],
    ['application/cdni; ptype="X;Y"', undefined],
    ['application/cdni, ptype=X', undefined],
    ['application/json; ptype=X', undefined],
    ['application; ptype=X', undefined],
    ['', undefined],
  ])('%j has the payload type %j', (text, expected) => {
    expect(ptype(text)).toBe(expected)
  })

  test('a printed payload type is read back', () => {
    const grammar = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 256,
    })
    fc.assert(
      fc.property(grammar, (text) => {
        if (/[";=]/.test(text)) expect(() => printCdniMediaType(text)).toThrow(RangeError)
        else expect(ptype(printCdniMediaType(text))).toBe(text)
      }),
    )
  })

  test('a payload type may have 256 characters and no more', () => {
    expect(ptype(printCdniMediaType('x'.repeat(256)))).toHaveLength(256)
    expect(() => printCdniMediaType('x'.repeat(257))).toThrow(RangeError)
    expect(ptype(`application/cdni; ptype=${'x'.repeat(257)}`)).toBeUndefined()
  })

  test('any text is read or refused without a throw', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('application/cdni', ';', ' ', 'ptype', '=', '"', '\\', 'X'))
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        mayHoldAdvertisement(candidate)
      }),
    )
  })
})

test.each([
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['application/alto-cdni+json', true],
  ['application/cdni', true],
  ['application/cdni; ptype=FCI.Advertisement', true],
  ['application/cdni; ptype=fci.deliveryprotocol', true],
  ['application/cdni; ptype=MI.HostIndex', false],
  ['application/cdni; ptype="FCI;x"', false],
  ['application/alto-error+json', false],
  ['text/html', false],
  ['', false],
])('whether %j may hold an advertisement is %s', (text, expected) => {
  expect(mayHoldAdvertisement(text)).toBe(expected)
})
