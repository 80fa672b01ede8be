import { type DecodedPacket, decode, encode, type PacketOpt } from 'dns-packet'
import type { AnswerQuestion, AnswerSource } from '../../src/routing/dns/answer-source.ts'
import type { ClientAnswer, DrawnAnswer, ScopeAnswer } from '../../src/routing/dns/client-answer.ts'
import { CookieJar } from '../../src/routing/dns/cookie.ts'
import { RateLimiter, type RateLimits } from '../../src/routing/dns/rate-limit.ts'
import { DnsResponder } from '../../src/routing/dns/responder.ts'
import { createZone, type Zone } from '../../src/routing/dns/zone.ts'

export const SCOPE = '1m7ygy2fb2wzj8a3r6fx'
export const OTHER_SCOPE = '1m7ygy2fb2wzj8a3r6fy'
export const ABSENT_SCOPE = '1m7ygy2fb2wzj8a3r6fz'

export const ZONE: Zone = createZone({
  name: 'cdn.example',
  nameServers: [
    { host: 'ns1.cdn.example', addresses: ['192.0.2.53', '2001:db8::53'] },
    { host: 'ns2.hosts.cdn.example', addresses: ['198.51.100.53'] },
    { host: 'ns.elsewhere.example', addresses: [] },
  ],
  soa: { rname: 'hostmaster.cdn.example', serial: 7, refresh: 7200, retry: 900, expire: 1209600, minimum: 60 },
  ttlSeconds: 3600,
  scopeNames: new Map([['demo', 'Demo']]),
  explain: true,
})

export const NO_LIMITS: RateLimits = { responsesPerSecond: 0, slip: 0, leak: 0, v4Bits: 24, v6Bits: 56, exempt: [] }

export interface DnsWorldOptions {
  readonly answer?: (question: AnswerQuestion) => ClientAnswer | DrawnAnswer
  /** Scopes that only `load` finds. */
  readonly notHeld?: ReadonlySet<string>
  readonly limits?: RateLimits
  readonly version?: () => number | string | undefined
  readonly tableEntries?: number
}

export interface DnsWorld {
  readonly responder: DnsResponder
  /** Questions that the source was asked. */
  readonly asked: AnswerQuestion[]
  readonly answered: { readonly transport: string; readonly type: number; readonly rcode: number }[]
  readonly limited: string[]
  clock: number
  /** Sends a query from this address and decodes the answer. */
  ask(query: QueryShape, from?: string, transport?: 'udp' | 'tcp'): Promise<DecodedPacket>
}

const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  TXT: 16,
  AAAA: 28,
  DS: 43,
  TKEY: 249,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const

export interface QueryShape {
  readonly name?: string
  readonly type?: keyof typeof TYPES
  readonly id?: number
  /** `192.0.2.0/24`. */
  readonly subnet?: string
  readonly cookie?: Buffer
  readonly udpSize?: number
  readonly edns?: boolean
}

/** 192.0.0.0/22 and 2001:db8:1::/48 are served by addresses, others by an alias; nobody serves 203.0.113.0/24. */
export function sampleAnswer({ client }: AnswerQuestion): ClientAnswer {
  if (client.startsWith('203.0.113.')) return { kind: 'nobody', sameForBits: 24 }
  if (/^192\.0\.[0-3]\./.test(client)) {
    return { kind: 'addresses', addresses: ['192.0.2.1', '192.0.2.2'], ttlSeconds: 30, sameForBits: 22 }
  }
  if (client.startsWith('2001:db8:1:')) {
    return { kind: 'addresses', addresses: ['2001:db8::1', '192.0.2.1'], ttlSeconds: 30, sameForBits: 48 }
  }
  const sameForBits = /^(192|203)\.0\./.test(client) ? 24 : 16
  return { kind: 'alias', host: 'edge.cdn-b.example', ttlSeconds: 20, sameForBits }
}

export function dnsWorld(options: DnsWorldOptions = {}): DnsWorld {
  const { answer = sampleAnswer, notHeld, limits = NO_LIMITS, version = () => 1 } = options
  const asked: AnswerQuestion[] = []
  const answered: { transport: string; type: number; rcode: number }[] = []
  const limited: string[] = []
  const found = (question: AnswerQuestion): ScopeAnswer => {
    asked.push(question)
    return question.scope === ABSENT_SCOPE ? 'absent' : answer(question)
  }
  const source: AnswerSource = {
    held: (question) => (notHeld?.has(question.scope ?? '') ? undefined : found(question)),
    load: async (question) => found(question),
    explain: async ({ client, scope }) =>
      scope === ABSENT_SCOPE ? undefined : [`${client} goes to cdn-a`, `scope ${scope ?? 'none'}`],
    version,
  }
  const world = {
    asked,
    answered,
    limited,
    clock: 1_800_000_000_000,
    async ask(shape: QueryShape, from = '198.51.100.53', transport: 'udp' | 'tcp' = 'udp') {
      const response = await responder.respond(queryOf(shape), from, transport)
      if (response === undefined) throw new Error('no answer')
      return decode(response)
    },
  }
  const responder = new DnsResponder({
    zone: ZONE,
    source,
    cookies: new CookieJar(new Uint8Array(16).fill(7)),
    limiter: new RateLimiter(limits, 1, 64),
    subnets: { v4Bits: 24, v6Bits: 56 },
    maxUdpBytes: 1232,
    now: () => world.clock,
    observer: {
      answered: (transport, type, rcode) => answered.push({ transport, type, rcode }),
      limited: (verdict) => limited.push(verdict),
    },
    tableEntries: options.tableEntries ?? 256,
  })
  return {
    ...world,
    responder,
    get clock() {
      return world.clock
    },
    set clock(value) {
      world.clock = value
    },
  }
}

export function queryOf({ name, type = 'A', id = 4711, subnet, cookie, udpSize = 1232, edns }: QueryShape): Buffer {
  const options: PacketOpt[] = []
  if (subnet !== undefined) {
    const [ip = '', bits = ''] = subnet.split('/')
    options.push({ code: 8, ip, sourcePrefixLength: Number(bits), family: ip.includes(':') ? 2 : 1 })
  }
  const packet = encode({
    type: 'query',
    id,
    flags: 0x0100,
    questions: name === undefined ? [] : [{ name, type: 'A', class: 'IN' }],
    additionals:
      edns === true || options.length > 0 || cookie !== undefined
        ? [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: udpSize,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options,
            },
          ]
        : [],
  })
  if (name !== undefined) packet.writeUInt16BE(TYPES[type], questionNameEnd(packet))
  return cookie === undefined ? packet : withOption(packet, 10, cookie)
}

/** The query, whose last record is OPT, with another option at its end. */
export function withOption(query: Buffer, code: number, data: Buffer): Buffer {
  const option = Buffer.alloc(4 + data.length)
  option.writeUInt16BE(code, 0)
  option.writeUInt16BE(data.length, 2)
  data.copy(option, 4)
  const longer = Buffer.concat([query, option])
  const at = optAt(query) + 9
  longer.writeUInt16BE(longer.readUInt16BE(at) + option.length, at)
  return longer
}

/** Offset of the OPT record of a query with one question. */
export function optAt(query: Buffer): number {
  return questionNameEnd(query) + 4
}

function questionNameEnd(query: Buffer): number {
  let at = 12
  for (let length = query.readUInt8(at); length !== 0; length = query.readUInt8(at)) at += length + 1
  return at + 1
}

/** The OPT record of an answer. */
export function optOf(
  packet: DecodedPacket,
): Extract<NonNullable<DecodedPacket['additionals']>[number], { type: 'OPT' }> {
  for (const record of packet.additionals ?? []) if (record.type === 'OPT') return record
  throw new Error('there is no OPT record')
}

/** The data of an option of an answer, by its code. */
export function optionOf(packet: DecodedPacket, wanted: number): Buffer | undefined {
  return optOf(packet).options.find(({ code }: { readonly code: number }) => code === wanted)?.data
}

/** The client subnet option of an answer. */
export function subnetOf(packet: DecodedPacket): { readonly source: number; readonly scope: number } {
  const data = optionOf(packet, 8)
  if (data === undefined) throw new Error('there is no client subnet')
  return { source: data.readUInt8(2), scope: data.readUInt8(3) }
}

/** The response code with its upper bits. */
export function rcodeOf(packet: DecodedPacket): number {
  const opt = packet.additionals?.find((record) => record.type === 'OPT')
  return ((opt?.type === 'OPT' ? opt.extendedRcode : 0) << 4) | ((packet.flags ?? 0) & 15)
}
