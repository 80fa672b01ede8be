import { describe, expect, it } from 'vitest'
import { veilProviderId } from '../../../src/fci/cdn-path.ts'
import { cascaded, mayAsk, mayCascade, refusedForItsWay } from '../../../src/routing/ri/hop-rules.ts'
import { readRedirectionRequest } from '../../../src/routing/ri/redirection-request.ts'

const OWN = 'AS64497:own'

describe('a request that arrives', () => {
  it.each<[string, readonly string[], number | undefined, number | undefined]>([
    ['is taken from the first uCDN', ['AS1:a'], undefined, undefined],
    ['is taken when it ends here', ['AS1:a'], 1, undefined],
    ['is taken with room left', ['AS1:a'], 2, undefined],
    ['is taken at the limit', ['AS1:a', 'AS2:b'], 2, undefined],
    ['is refused beyond it', ['AS1:a', 'AS2:b'], 1, 503],
    ['is refused where no hop is allowed', ['AS1:a'], 0, 503],
    ['is refused when it came through here', ['AS1:a', OWN, 'AS2:b'], undefined, 502],
    ['is refused for the loop first', [OWN, 'AS2:b'], 1, 502],
    ['is refused when it came through here under the veil', ['AS1:a', veilProviderId(OWN)], 9, 502],
    ['is not refused for another qualifier', ['AS64497:OWN'], 9, undefined],
  ])('%s', (_, cdnPath, maxHops, code) => {
    const way = { cdnPath, ...(maxHops === undefined ? {} : { maxHops }) }
    expect(refusedForItsWay(way, OWN)?.code).toBe(code)
  })
})

describe('a request that is to be asked on', () => {
  it.each<[readonly string[], number | undefined, boolean]>([
    [['AS1:a'], undefined, true],
    [['AS1:a'], 1, false],
    [['AS1:a'], 2, true],
    [['AS1:a', 'AS2:b'], 2, false],
    [['AS1:a', 'AS2:b'], 3, true],
  ])('from %j with max-hops %s: %s', (cdnPath, maxHops, may) => {
    const way = { cdnPath, ...(maxHops === undefined ? {} : { maxHops }) }
    expect(mayCascade(way)).toBe(may)
    expect(mayAsk(way, 'AS3:c')).toBe(may)
    expect(mayAsk(way, 'AS1:a')).toBe(false)
  })

  it('has our id last, and asks for DNS alone if it was asked so', () => {
    const reading = readRedirectionRequest({
      dns: { 'resolver-ip': '192.0.2.1', qtype: 'A', qclass: 'IN', qname: 'a.example', 'dns-only': true },
      'cdn-path': ['AS1:a'],
      'max-hops': 2,
    })
    if (reading.kind !== 'read') throw new Error(reading.refusal.reason)
    const sent = cascaded(reading.value, OWN)
    expect(sent).toEqual({ ...reading.value, cdnPath: ['AS1:a', OWN] })
    expect(sent.asked).toMatchObject({ dnsOnly: true })
    expect(refusedForItsWay(sent, 'AS2:b')).toBeUndefined()
    expect(mayCascade(sent)).toBe(false)
  })
})
