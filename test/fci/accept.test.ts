import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseMediaType } from '../../src/fci/accept.ts'

const OFFERS = ['application/cdni; ptype=FCI.Advertisement', 'application/json'] as const
const [CDNI, JSON_TYPE] = OFFERS

describe('the media type that an Accept field wants', () => {
  it.each([
    [undefined, CDNI],
    ['', CDNI],
    ['*/*', CDNI],
    ['application/*', CDNI],
    ['application/cdni', CDNI],
    ['Application/CDNI', CDNI],
    ['application/cdni; ptype=FCI.Advertisement', CDNI],
    ['application/cdni;PType="fci.advertisement"', CDNI],
    ['application/json', JSON_TYPE],
    ['application/cdni;q=0.5, application/json', JSON_TYPE],
    ['application/cdni;q=0.5, application/json;q=0.4', CDNI],
    ['application/cdni;q=0, */*', JSON_TYPE],
    ['text/html, */*;q=0.1', CDNI],
    ['application/cdni; ptype=MI.HostIndex, application/json;q=0.2', JSON_TYPE],
    ['application/cdni; ptype="a,b", application/json', JSON_TYPE],
    ['nonsense, application/json', JSON_TYPE],
    ['application/json;q=2', undefined],
    ['application/cdni; ptype=MI.HostIndex', undefined],
    ['application/json; charset=latin1', undefined],
    ['text/html', undefined],
    ['*/*;q=0', undefined],
    [', ,', undefined],
  ])('%j: %s', (accept, chosen) => expect(chooseMediaType(accept, OFFERS)).toBe(chosen))

  it('is one of the offered, or none, whatever arrives', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), (accept) => {
        expect([...OFFERS, undefined]).toContain(chooseMediaType(accept, OFFERS))
      }),
    )
  })
})
