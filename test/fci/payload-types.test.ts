import { describe, expect, test } from 'vitest'
import { parseMediaType, printCdniMediaType, ptypeOf } from '../../src/fci/media-type.ts'
import { acceptsCdniBody, PAYLOAD_TYPES, payloadTypeOf } from '../../src/fci/payload-types.ts'

describe('a known payload type', () => {
  test('is printed and read back, and found whatever its case', () => {
    for (const type of PAYLOAD_TYPES) {
      const mediaType = parseMediaType(printCdniMediaType(type.name))
      expect(mediaType && ptypeOf(mediaType)).toBe(type.name)
      expect(payloadTypeOf(type.name.toUpperCase())).toBe(type)
    }
    expect(new Set(PAYLOAD_TYPES.map(({ name }) => name.toLowerCase())).size).toBe(PAYLOAD_TYPES.length)
    expect(payloadTypeOf('FCI.Nonsense')).toBeUndefined()
  })

  test.each([
    ['MI.HostIndex', true],
    ['FCI.CapacityLimits', true],
    ['FCI.PrivateFeatures', false],
    ['FCI.Advertisement', false],
  ])('%s: registered %s', (name, isRegistered) => {
    expect(payloadTypeOf(name)?.isRegistered).toBe(isRegistered)
  })
})

describe('a body', () => {
  const ADVERTISEMENT = ['FCI.Advertisement']
  const TRIGGERS = ['ci-trigger-command', 'ci-trigger.v2']

  test.each<[string | undefined, readonly string[], string | undefined]>([
    ['application/cdni; ptype=FCI.Advertisement', ADVERTISEMENT, 'FCI.Advertisement'],
    ['application/cdni; ptype=fci.metadata', ADVERTISEMENT, 'FCI.Advertisement'],
    ['application/cdni', ADVERTISEMENT, 'FCI.Advertisement'],
    ['application/json; charset=UTF-8', ADVERTISEMENT, 'FCI.Advertisement'],
    ['application/alto-cdni+json', ADVERTISEMENT, 'FCI.Advertisement'],
    ['application/cdni; ptype=MI.HostIndex', ADVERTISEMENT, undefined],
    ['application/cdni; ptype=""', ADVERTISEMENT, undefined],
    ['application/json; charset=utf-16', ADVERTISEMENT, undefined],
    ['application/json, application/cdni', ADVERTISEMENT, undefined],
    ['text/plain', ADVERTISEMENT, undefined],
    ['', ADVERTISEMENT, undefined],
    [undefined, ADVERTISEMENT, undefined],
    ['application/cdni; ptype="CI-Trigger-Command"', TRIGGERS, 'ci-trigger-command'],
    ['application/cdni;ptype=ci-trigger.v2', TRIGGERS, 'ci-trigger.v2'],
    ['application/cdni', TRIGGERS, undefined],
    ['application/json', TRIGGERS, undefined],
    ['application/alto-cdni+json', TRIGGERS, undefined],
    ['application/cdni; ptype=FCI.Metadata', TRIGGERS, undefined],
  ])('of type %j where %j is expected is read as %j', (contentType, expected, read) => {
    expect(acceptsCdniBody(contentType, expected)).toBe(read)
  })
})
