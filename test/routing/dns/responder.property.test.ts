import { type DecodedPacket, decode } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClientAnswer } from '../../../src/routing/dns/client-answer.ts'
import { DnsQuery, readQuery } from '../../../src/routing/dns/dns-query.ts'
import { PreparedAnswers } from '../../../src/routing/dns/prepared-answers.ts'
import { serviceReply } from '../../../src/routing/dns/reply.ts'
import { readUnusual } from '../../../src/routing/dns/unusual-query.ts'
import { encodeReply, type WireReply, writeReply } from '../../../src/routing/dns/wire-reply.ts'
import { hostileMessages, plainQuery } from '../../support/dns-arbitraries.ts'
import { dnsWorld, queryOf, SCOPE, ZONE } from '../../support/dns-world.ts'

/** In CI each run of a property stands for 400 messages: 200 000. */
const MESSAGES_PER_RUN = 400
const MAX_UDP_BYTES = 1232
/** An answer of a code alone, or a short one: what a forged address can be sent at most is a few times the query. */
const MAX_AMPLIFICATION = 6

describe('any message', () => {
  it('is answered with its id or not at all, briefly, and without an error', async () => {
    const world = dnsWorld()
    await fc.assert(
      fc.asyncProperty(
        plainQuery,
        fc.integer(),
        fc.constantFrom('udp' as const, 'tcp' as const),
        async (shape, seed, transport) => {
          const started = performance.now()
          for (const message of hostileMessages(shape, seed, MESSAGES_PER_RUN)) {
            const copy = Buffer.from(message)
            const response = await world.responder.respond(message, '192.0.2.9', transport)
            if (!message.equals(copy)) throw new Error(`${copy.toString('hex')} was changed`)
            expectSane(response, message, transport)
          }
          expect(performance.now() - started).toBeLessThan(5 * MESSAGES_PER_RUN)
        },
      ),
    )
  }, 120_000)
})

function expectSane(response: Buffer | undefined, message: Buffer, transport: 'udp' | 'tcp'): void {
  const isQuery = message.length >= 12 && message.readUInt8(2) < 0x80
  if (isQuery !== (response !== undefined))
    throw new Error(`${message.toString('hex')} got ${response?.toString('hex')}`)
  if (response === undefined) return
  const packet = decode(response)
  const sane =
    decode.bytes === response.length &&
    response.readUInt16BE(0) === message.readUInt16BE(0) &&
    packet.flag_qr &&
    !packet.flag_ra &&
    (response.readUInt8(2) & 0x79) === (message.readUInt8(2) & 0x79)
  const short =
    transport === 'tcp' ||
    (response.length <= MAX_UDP_BYTES && response.length <= Math.max(512, MAX_AMPLIFICATION * message.length))
  if (!sane || !short) throw new Error(`${message.toString('hex')} got ${response.toString('hex')}`)
}

describe('the two readers of queries', () => {
  it('understand the same of every query that both understand', () => {
    const [plain, unusual] = [new DnsQuery(), new DnsQuery()]
    let both = 0
    fc.assert(
      fc.property(plainQuery, fc.integer(), (shape, seed) => {
        for (const message of [queryOf(shape), ...hostileMessages(shape, seed, 30)]) {
          if (readQuery(message, ZONE.wire, plain) !== 'plain') continue
          readQuery(message, ZONE.wire, unusual)
          // It refuses options whose content is wrong, which are judged later here.
          if (!readUnusual(message, unusual)) continue
          expect(unusual).toEqual(plain)
          both++
        }
      }),
    )
    expect(both).toBeGreaterThan(20)
  })

  it('agree with dns-packet on the question', () => {
    const query = new DnsQuery()
    fc.assert(
      fc.property(plainQuery, (shape) => {
        const message = queryOf(shape)
        readQuery(message, ZONE.wire, query)
        const [question] = decode(message).questions ?? []
        const name = (question?.name ?? '').toLowerCase()
        expect(query.prefixBytes >= 0).toBe(name === 'cdn.example' || name.endsWith('.cdn.example'))
        expect(query.hasEdns).toBe(decode(message).additionals?.length === 1)
      }),
    )
  })
})

describe('answers', () => {
  it('are the same however the query is read, and when they are given again', async () => {
    await fc.assert(
      fc.asyncProperty(plainQuery, async (shape) => {
        const message = queryOf(shape)
        const world = dnsWorld()
        const first = await world.responder.respond(message, '192.0.2.9', 'tcp')
        expect(await world.responder.respond(message, '192.0.2.9', 'tcp')).toEqual(first)
        // With a record that only the long way reads.
        expect(await world.responder.respond(withForeignRecord(message), '192.0.2.9', 'tcp')).toEqual(first)
      }),
    )
  })

  it('say the same prepared as written in full by dns-packet', () => {
    const query = new DnsQuery()
    fc.assert(
      fc.property(plainQuery, anyAnswer, fc.boolean(), (shape, answer, apex) => {
        const message = queryOf({ ...shape, name: apex ? 'CDN.example' : `${SCOPE}.Cdn.example` })
        expect(readQuery(message, ZONE.wire, query)).toBe('plain')
        const name = decode(message).questions?.[0]?.name ?? ''
        const options = { scopeBits: 20, cookie: new Uint8Array(0), maxUdpBytes: 1232, limitBytes: 65_535 }
        const inFull = encodeReply(serviceReply(answer, { name, type: query.type }, ZONE, apex))
        const prepared = new PreparedAnswers(ZONE).prepare(answer, apex).replyTo(query.type)
        const write = (reply: WireReply): DecodedPacket => decode(writeReply(message, query, reply, options))
        expect(withoutCase(write(prepared))).toEqual(withoutCase(write(inFull)))
      }),
    )
  })
})

const anyAnswer: fc.Arbitrary<ClientAnswer | 'absent'> = fc.oneof(
  fc.record({
    kind: fc.constant('addresses' as const),
    addresses: fc.uniqueArray(fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '2001:db8::2')), {
      minLength: 1,
      maxLength: 5,
    }),
    ttlSeconds: fc.nat(86_400),
    sameForBits: fc.nat(32),
  }),
  fc.record({
    kind: fc.constant('alias' as const),
    host: fc.constantFrom('a.example', 'edge.cdn.example', 'x'),
    ttlSeconds: fc.nat(86_400),
    sameForBits: fc.nat(32),
  }),
  fc.record({ kind: fc.constant('nobody' as const), sameForBits: fc.nat(32) }),
  fc.constant('absent' as const),
)

/** The zone's name in a SOA record is spelt as in the question where it points there. */
function withoutCase(packet: DecodedPacket): unknown {
  return {
    ...packet,
    authorities: packet.authorities?.map((record) => ({ ...record, name: record.name.toLowerCase() })),
  }
}

/** The query with an address record in its additional section, before the OPT record if there is one. */
function withForeignRecord(message: Buffer): Buffer {
  let at = 12
  for (let length = message.readUInt8(at); length !== 0; length = message.readUInt8(at)) at += length + 1
  at += 5
  const record = Buffer.from([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1])
  const longer = Buffer.concat([message.subarray(0, at), record, message.subarray(at)])
  longer.writeUInt16BE(longer.readUInt16BE(10) + 1, 10)
  return longer
}
