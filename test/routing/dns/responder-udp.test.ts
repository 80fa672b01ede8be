import { describe, expect, it } from 'vitest'
import { dnsWorld, NO_LIMITS, optionOf, queryOf, rcodeOf, SCOPE } from '../../support/dns-world.ts'

const NAME = `${SCOPE}.cdn.example`
const [NOERROR, FORMERR] = [0, 1] as const

describe('answers over UDP', () => {
  it('are no longer than the client takes: else they are cut and come whole over TCP', async () => {
    const addresses = Array.from({ length: 40 }, (_, index) => `192.0.2.${index}`)
    const world = dnsWorld({ answer: () => ({ kind: 'addresses', addresses, ttlSeconds: 5, sameForBits: 0 }) })
    const cut = await world.ask({ name: NAME, udpSize: 600, edns: true })
    expect(cut).toMatchObject({ flag_tc: true, answers: [], authorities: [] })
    expect((await world.ask({ name: NAME })).flag_tc).toBe(true)
    expect((await world.ask({ name: NAME, udpSize: 1232, edns: true })).answers).toHaveLength(40)
    expect((await world.ask({ name: NAME }, undefined, 'tcp')).answers).toHaveLength(40)
  })

  it('are never longer than ours, whatever the client takes', async () => {
    const addresses = Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`)
    const world = dnsWorld({ answer: () => ({ kind: 'addresses', addresses, ttlSeconds: 5, sameForBits: 0 }) })
    expect((await world.ask({ name: NAME, udpSize: 65_535, edns: true })).flag_tc).toBe(true)
  })

  it('do not explain, since explanations are long and addresses can be forged', async () => {
    const world = dnsWorld()
    const name = `_explain.${SCOPE}.cdn.example`
    expect(await world.ask({ name, type: 'TXT' })).toMatchObject({ flag_tc: true, answers: [] })
    const whole = await world.ask({ name, type: 'TXT', subnet: '192.0.2.0/24' }, undefined, 'tcp')
    expect((whole.answers ?? []).map((answer) => (answer.type === 'TXT' ? String(answer.data) : ''))).toEqual([
      '192.0.2.0 goes to cdn-a',
      `scope ${SCOPE}`,
    ])
  })

  it('do explain to who has proven the address by a cookie', async () => {
    const world = dnsWorld()
    const clientCookie = Buffer.from('12345678')
    const first = await world.ask({ name: '_explain.cdn.example', type: 'TXT', cookie: clientCookie })
    expect(first.flag_tc).toBe(true)
    const cookie = optionOf(first, 10)
    expect(cookie).toHaveLength(24)
    const second = await world.ask({ name: '_explain.cdn.example', type: 'TXT', cookie: cookie ?? clientCookie })
    expect(second.answers).toHaveLength(2)
    const stolen = { name: '_explain.cdn.example', type: 'TXT', cookie: cookie ?? clientCookie } as const
    expect((await world.ask(stolen, '192.0.2.200')).flag_tc).toBe(true)
  })

  it.each([0, 7, 9, 15, 41])('with a cookie of %d bytes are FORMERR (RFC 7873 5.2.2)', async (length) => {
    const packet = await dnsWorld().ask({ name: NAME, cookie: Buffer.alloc(length) })
    expect(rcodeOf(packet)).toBe(FORMERR)
  })

  it('give a cookie to who asks for nothing else (RFC 7873 5.4)', async () => {
    const query = queryOf({ edns: true })
    const packet = await dnsWorld().responder.respond(cookieOnly(query, Buffer.from('12345678')), '192.0.2.9', 'udp')
    expect(packet?.readUInt8(3)).toBe(NOERROR)
    expect(packet).toHaveLength(12 + 11 + 4 + 24)
  })

  it('are bounded per network of resolvers; some come cut, so that true clients come back over TCP', async () => {
    const world = dnsWorld({ limits: { ...NO_LIMITS, responsesPerSecond: 2, slip: 2 } })
    const send = async (from: string, transport: 'udp' | 'tcp' = 'udp'): Promise<string> => {
      const response = await world.responder.respond(queryOf({ name: NAME }), from, transport)
      if (response === undefined) return 'dropped'
      return (response.readUInt8(2) & 2) === 0 ? 'whole' : 'cut'
    }
    expect([await send('192.0.2.1'), await send('192.0.2.2')]).toEqual(['whole', 'whole'])
    expect([await send('192.0.2.1'), await send('192.0.2.2'), await send('192.0.2.3')]).toEqual([
      'dropped',
      'cut',
      'dropped',
    ])
    expect(await send('192.0.3.1')).toBe('whole')
    expect(await send('192.0.2.1', 'tcp')).toBe('whole')
    expect(world.limited).toEqual(['drop', 'truncate', 'drop'])
    world.clock += 500
    expect(await send('192.0.2.1')).toBe('whole')
  })
})

function cookieOnly(query: Buffer, cookie: Buffer): Buffer {
  const option = Buffer.concat([Buffer.from([0, 10, 0, cookie.length]), cookie])
  const message = Buffer.concat([query, option])
  message.writeUInt16BE(option.length, 12 + 9)
  return message
}
