import { decode, encode } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { dnsWorld, optAt, optOf, queryOf, rcodeOf, SCOPE, withOption } from '../../support/dns-world.ts'

const NAME = `${SCOPE}.cdn.example`
const [FORMERR, NOTIMP, REFUSED, NOTAUTH, BADVERS] = [1, 4, 5, 9, 16] as const

describe('EDNS (RFC 6891)', () => {
  it('is answered with our payload size and the DO bit of the query', async () => {
    const world = dnsWorld()
    const query = queryOf({ name: NAME, edns: true, udpSize: 4096 })
    query.writeUInt8(0x80, optAt(query) + 7)
    const response = await world.responder.respond(query, '192.0.2.9', 'udp')
    expect(optOf(decode(response ?? Buffer.alloc(0)))).toMatchObject({
      udpPayloadSize: 1232,
      flag_do: true,
      options: [],
    })
  })

  it('of another version is BADVERS', async () => {
    const query = queryOf({ name: NAME, edns: true })
    query.writeUInt8(1, optAt(query) + 6)
    const world = dnsWorld()
    const packet = decode((await world.responder.respond(query, '192.0.2.9', 'udp')) ?? Buffer.alloc(0))
    expect(rcodeOf(packet)).toBe(BADVERS)
    expect(optOf(packet).ednsVersion).toBe(0)
  })

  it('with options that nobody knows is answered without them', async () => {
    const query = withOption(queryOf({ name: NAME, subnet: '192.0.2.0/24' }), 65001, Buffer.from('what'))
    const packet = decode((await dnsWorld().responder.respond(query, '192.0.2.9', 'udp')) ?? Buffer.alloc(0))
    expect(optOf(packet).options.map(({ code }) => code)).toEqual([8])
    expect(packet.answers).toHaveLength(2)
  })

  it.each([
    ['that ends beyond the message', (query: Buffer) => query.writeUInt16BE(99, optAt(query) + 9)],
    ['with an option that ends beyond it', (query: Buffer) => query.writeUInt16BE(99, optAt(query) + 13)],
    ['with a client subnet twice', (query: Buffer) => withOption(query, 8, Buffer.from([0, 1, 0, 0]))],
    ['with bytes behind it', (query: Buffer) => Buffer.concat([query, Buffer.from('x')])],
    ['cut short', (query: Buffer) => query.subarray(0, optAt(query) + 5)],
  ])('%s is FORMERR', async (_, spoil) => {
    const query = queryOf({ name: NAME, subnet: '192.0.2.0/24' })
    const spoilt = spoil(query)
    const message = typeof spoilt === 'number' ? query : spoilt
    const response = await dnsWorld().responder.respond(message, '192.0.2.9', 'udp')
    expect(response?.readUInt8(3)).toBe(FORMERR)
    expect(response?.readUInt16BE(10)).toBe(0)
  })
})

describe('messages that are no plain query', () => {
  const query = queryOf({ name: NAME })

  it.each([
    ['a response', Buffer.concat([Buffer.from([0, 1, 0x80, 0]), query.subarray(4)])],
    ['eleven bytes', query.subarray(0, 11)],
    ['nothing', Buffer.alloc(0)],
  ])('%s gets no answer', (_, message) => {
    expect(dnsWorld().responder.respond(message, '192.0.2.9', 'udp')).toBeUndefined()
  })

  const changed = (at: number, ...bytes: number[]): Buffer => {
    const copy = Buffer.from(query)
    copy.set(bytes, at)
    return copy
  }

  it.each([
    ['NOTIFY', changed(2, 0x20), NOTIMP, 0],
    ['UPDATE', changed(2, 0x28), NOTIMP, 0],
    ['a status query', changed(2, 0x10), NOTIMP, 0],
    ['a truncated query', changed(2, 0x02), FORMERR, 0],
    ['two questions', changed(4, 0, 2), FORMERR, 0],
    ['no question', changed(4, 0, 0), FORMERR, 0],
    ['a pointer as name', changed(12, 0xc0), FORMERR, 0],
    ['a label type of the future', changed(12, 0x41), FORMERR, 0],
    ['a record that is not there', changed(11, 1), FORMERR, 1],
    ['an answer that is not there', changed(7, 1), FORMERR, 1],
    ['bytes behind the question', Buffer.concat([query, Buffer.from('x')]), FORMERR, 1],
    ['3000 bytes', Buffer.concat([query, Buffer.alloc(3000)]), FORMERR, 0],
    ['another class', changed(query.length - 2, 0, 3), REFUSED, 1],
  ] as const)('%s', (_, message, rcode, questions) => {
    const response = dnsWorld().responder.respond(message, '192.0.2.9', 'udp')
    if (!(response instanceof Buffer)) throw new Error('no answer at once')
    expect(response.readUInt16BE(0)).toBe(4711)
    expect(response.readUInt8(2) & 0x80).toBe(0x80)
    expect(response.readUInt8(3) & 15).toBe(rcode)
    expect(response.readUInt16BE(4)).toBe(questions)
  })

  it('answers NOTAUTH to a signed query, since it holds no keys', async () => {
    const signed = encode({
      questions: [{ name: NAME, type: 'A' }],
      additionals: [{ name: 'key', type: 'TSIG', ttl: 0, class: 'ANY', data: Buffer.alloc(20) }],
    })
    const response = await dnsWorld().responder.respond(signed, '192.0.2.9', 'udp')
    expect(response?.readUInt8(3)).toBe(NOTAUTH)
  })
})
