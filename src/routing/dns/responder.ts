import type { AnswerQuestion, AnswerSource } from './answer-source.ts'
import { AnswerTable } from './answer-table.ts'
import { DRAWN_BITS, type ScopeAnswer } from './client-answer.ts'
import type { CookieJar } from './cookie.ts'
import { DnsClient, type SubnetLimits } from './dns-client.ts'
import { RCODE, type Rcode, TYPE } from './dns-numbers.ts'
import { asksForData, DnsQuery, readQuery } from './dns-query.ts'
import { type PreparedAnswer, PreparedAnswers, type PreparedDraw } from './prepared-answers.ts'
import { labelsBefore, nameAsked } from './query-name.ts'
import { RATE_CATEGORY, type RateLimiter } from './rate-limit.ts'
import { apexReply, errorReply, explanationReply, staticReply } from './reply.ts'
import { type ServiceName, ServiceNames } from './service-names.ts'
import { readUnusual } from './unusual-query.ts'
import { encodeReply, NO_BYTES, type ReplyOptions, type WireReply, writeReply } from './wire-reply.ts'
import type { Zone, ZoneName } from './zone.ts'

export type Transport = 'udp' | 'tcp'

/** Told of everything that was answered, or not. */
export interface DnsObserver {
  answered(transport: Transport, type: number, rcode: number): void
  /** By response rate limiting. */
  limited(verdict: 'truncate' | 'drop'): void
}

export interface ResponderOptions {
  readonly zone: Zone
  readonly source: AnswerSource
  readonly cookies: CookieJar
  readonly limiter: RateLimiter
  readonly subnets: SubnetLimits
  /** Largest answer over UDP. */
  readonly maxUdpBytes: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly observer: DnsObserver
  /** Answers kept, a power of two. */
  readonly tableEntries?: number
}

/** What is sent back; undefined: nothing. */
export type Response = Buffer | undefined

/** An answer whose version is still the same is believed for so long, less a share that differs by client network. */
const MAX_AGE_MS = 60_000
/** 256 times this: so that answers that were made together do not all grow old together. */
const AGE_STEP_MS = 60
/** The same where the source can tell no versions; and how long an old answer may fill in for one that is being asked for. */
const LAG_MS = 1_000
const MAX_LOADING = 512
const MAX_TCP_BYTES = 65_535

/**
 * Answers DNS messages for one zone. The plain question about a known name is answered from prepared bytes and a table of
 * clients, without a promise and nearly without allocation; everything else takes the long way. Never throws.
 */
export class DnsResponder {
  readonly #options: ResponderOptions
  readonly #table: AnswerTable<PreparedAnswer | PreparedDraw>
  readonly #prepared: PreparedAnswers
  readonly #names: ServiceNames
  readonly #bare = new Map<Rcode, WireReply>()
  // Scratch of the message at hand: nothing of it may be used behind an await.
  readonly #query = new DnsQuery()
  readonly #client = new DnsClient()
  readonly #resolver = new DnsClient()
  readonly #replyOptions: Writable<ReplyOptions>
  #resolverText = ''
  #transport: Transport = 'udp'
  #now = 0
  #cookie: Uint8Array = NO_BYTES
  #proven = false
  #loading = 0

  constructor(options: ResponderOptions) {
    this.#options = options
    this.#table = new AnswerTable(options.tableEntries ?? 131_072)
    this.#prepared = new PreparedAnswers(options.zone)
    this.#names = new ServiceNames(options.source)
    this.#replyOptions = { scopeBits: 0, cookie: NO_BYTES, maxUdpBytes: options.maxUdpBytes, limitBytes: 0 }
  }

  /** @param from - address of the sender, as text. */
  respond(message: Buffer, from: string, transport: Transport): Response | Promise<Response> {
    return this.#respond(message, from, transport, undefined)
  }

  #respond(
    message: Buffer,
    from: string,
    transport: Transport,
    loaded: Loaded | undefined,
  ): Response | Promise<Response> {
    const query = this.#query
    this.#cookie = NO_BYTES
    this.#proven = false
    this.#transport = transport
    this.#now = this.#options.now()
    const reading = readQuery(message, this.#options.zone.wire, query)
    if (reading === 'ignored') return undefined
    if (!this.#takeResolver(from)) return undefined
    if (reading === 'unusual' && !readUnusual(message, query)) query.fault = RCODE.FORMERR
    // A message whose options could not be read gets none back.
    if (query.fault === RCODE.FORMERR) query.resetEdns()
    if (query.fault !== RCODE.NOERROR) return this.#fail(message, query.fault)
    const fault = this.#readEdns(message, from)
    if (fault !== RCODE.NOERROR) {
      query.subnetAt = -1
      return this.#fail(message, fault)
    }
    if (!query.hasQuestion) return this.#fail(message, RCODE.NOERROR)
    const refusal = refusalOf(query)
    if (refusal !== RCODE.NOERROR) return this.#fail(message, refusal)
    return this.#answer(message, from, loaded)
  }

  #takeResolver(from: string): boolean {
    if (from === this.#resolverText) return true
    this.#resolverText = ''
    if (!this.#resolver.setAddress(from)) return false
    this.#resolverText = from
    return true
  }

  /** Version, cookie and client subnet, in this order. */
  #readEdns(message: Buffer, from: string): Rcode {
    const { cookieAt, cookieBytes, ednsVersion, subnetAt, subnetBytes } = this.#query
    if (ednsVersion > 0) return RCODE.BADVERS
    if (cookieAt >= 0) {
      const { cookies } = this.#options
      const option = message.subarray(cookieAt, cookieAt + cookieBytes)
      const seconds = Math.floor(this.#now / 1000)
      const standing = cookies.standing(option, this.#resolver, seconds)
      if (standing === 'malformed') return RCODE.FORMERR
      this.#proven = standing === 'proven'
      this.#cookie = cookies.bake(option, this.#resolver, seconds)
    }
    if (subnetAt < 0) {
      this.#client.setAddress(from)
      return RCODE.NOERROR
    }
    if (!this.#client.setSubnet(message, subnetAt, subnetBytes, this.#options.subnets)) return RCODE.FORMERR
    if (this.#client.unusable) this.#client.fallBackTo(from)
    return RCODE.NOERROR
  }

  #answer(message: Buffer, from: string, loaded: Loaded | undefined): Response | Promise<Response> {
    const query = this.#query
    const asked = this.#names.findAsked(message, query.prefixBytes, this.#now)
    if (asked !== undefined && !(asked.apex && isApexType(query.type))) return this.#serve(asked, message, from, loaded)
    const labels = labelsBefore(message, query.prefixBytes)
    const known = labels === undefined ? undefined : this.#names.find(labels, this.#now)
    if (known !== undefined && !(known.apex && isApexType(query.type))) return this.#serve(known, message, from, loaded)
    const { zone } = this.#options
    const name: ZoneName = labels === undefined ? { kind: 'absent' } : zone.nameOf(labels)
    const question = { name: nameAsked(message, query.nameEnd), type: query.type }
    switch (name.kind) {
      case 'name_server':
      case 'empty':
      case 'absent':
        return this.#finish(message, encodeReply(staticReply(name, question, zone)), 0)
      case 'explanation':
        return this.#explain(name.scope, message, from, loaded)
      case 'service': {
        const own = name.apex ? apexReply(question, zone) : undefined
        if (own !== undefined) return this.#finish(message, encodeReply(own), 0)
        if (labels !== undefined && this.#names.isAbsent(labels, this.#now)) return this.#finishAbsent(message)
        const { scope, apex } = name
        const added = { labels: labels ?? '', scope, apex, name: question.name.toLowerCase() }
        return this.#serve(added, message, from, loaded)
      }
    }
  }

  #serve(
    name: ServiceName | NewName,
    message: Buffer,
    from: string,
    loaded: Loaded | undefined,
  ): Response | Promise<Response> {
    const known = 'epoch' in name ? name : undefined
    const believed = known?.version === undefined ? LAG_MS : maxAgeMs(this.#client)
    const place = known === undefined ? -1 : this.#placeOf(known, believed)
    const age = place < 0 ? Number.POSITIVE_INFINITY : this.#table.ageAt(place, this.#now)
    const same = known !== undefined && place >= 0 && this.#table.epochAt(place) === known.epoch
    if (same && age < believed) return this.#finishAt(place, message)
    const question = this.#question(name)
    // What is held is newer than what was loaded.
    const answer = this.#options.source.held(question) ?? loaded?.answer
    if (answer !== undefined) return this.#note(name, answer, message)
    if (known !== undefined && age < (same ? 2 * believed : LAG_MS)) {
      this.#refresh(known, question)
      return this.#finishAt(place, message)
    }
    if (loaded !== undefined) return this.#fail(message, RCODE.SERVFAIL)
    return this.#later(message, from, async () => ({ answer: await this.#options.source.load(question) }))
  }

  /** Place of what is known for the client: its own entry, unless that of a prefix around it is right and it is not. */
  #placeOf(name: ServiceName, believed: number): number {
    const table = this.#table
    const { id, epoch } = name
    const own = table.find(id, this.#client)
    if (own >= 0 && table.epochAt(own) === epoch && table.ageAt(own, this.#now) < believed) return own
    const around = table.findAround(id, this.#client, epoch)
    if (around < 0 || table.ageAt(around, this.#now) >= believed) return own
    const value = table.valueAt(around)
    if (value === undefined) return own
    return this.#keepFor(this.#client, name, value, table.sameForBitsAt(around), table.confirmedAt(around))
  }

  #question({ scope, name }: Pick<ServiceName, 'scope' | 'name'>): AnswerQuestion {
    return { client: this.#client.text(), name, ...(scope === undefined ? {} : { scope }) }
  }

  #finishAt(place: number, message: Buffer): Response {
    const value = this.#table.valueAt(place)
    // A client's own entry is never a draw.
    if (value?.kind !== 'answer') return undefined
    return this.#finish(message, value.replyTo(this.#query.type), this.#table.sameForBitsAt(place))
  }

  #note(name: ServiceName | NewName, answer: ScopeAnswer, message: Buffer): Response {
    if (answer === 'absent') {
      this.#names.noteAbsent(labelsOf(name, this.#options.zone), this.#now)
      return this.#finishAbsent(message)
    }
    const known = 'epoch' in name ? name : this.#names.add(name.labels, name, this.#now)
    return this.#finishAt(this.#keep(known, this.#client, answer), message)
  }

  /** Keeps an answer for the client and for all for whom it is the same. Returns the place of the client's own. */
  #keep(name: ServiceName, client: DnsClient, answer: Exclude<ScopeAnswer, 'absent'>): number {
    const { id, epoch, apex } = name
    const { sameForBits } = answer
    const value =
      answer.kind === 'drawn' ? this.#prepared.prepareDraw(answer, apex) : this.#prepared.prepare(answer, apex)
    const confirmedAt = this.#options.now()
    if (sameForBits < client.maxBits) this.#table.setAround(id, client, { epoch, confirmedAt, sameForBits, value })
    return this.#keepFor(client, name, value, sameForBits, confirmedAt)
  }

  #keepFor(
    client: DnsClient,
    { id, epoch }: ServiceName,
    kept: PreparedAnswer | PreparedDraw,
    bits: number,
    confirmedAt: number,
  ): number {
    const value = kept.kind === 'draw' ? kept.answerFor(client.address()) : kept
    const sameForBits = kept.kind === 'draw' ? Math.max(bits, DRAWN_BITS[client.version]) : bits
    return this.#table.set(id, client, { epoch, confirmedAt, sameForBits, value })
  }

  #finishAbsent(message: Buffer): Response {
    const reply = this.#prepared.prepare('absent', false).replyTo(this.#query.type)
    return this.#finish(message, reply, 0)
  }

  /** Asks for a newer answer while the old one still serves. */
  #refresh(name: ServiceName, question: AnswerQuestion): void {
    if (this.#loading >= MAX_LOADING) return
    const client = new DnsClient()
    if (!client.setAddress(question.client)) return
    this.#loading++
    // Nobody waits: the next question for this client finds what came of it, or asks itself.
    void this.#options.source
      .load(question)
      .then((answer) => {
        if (answer === 'absent') this.#names.noteAbsent(labelsOf(name, this.#options.zone), this.#now)
        else this.#keep(name, client, answer)
      })
      .catch(() => undefined)
      .finally(() => {
        this.#loading--
      })
  }

  /** Answers when something has been loaded, by going through the message again. */
  #later(message: Buffer, from: string, load: () => Promise<Loaded>): Response | Promise<Response> {
    if (this.#loading >= MAX_LOADING) return this.#fail(message, RCODE.SERVFAIL)
    this.#loading++
    const transport = this.#transport
    return load()
      .catch((): Loaded => ({}))
      .finally(() => {
        this.#loading--
      })
      .then((loaded) => this.#respond(message, from, transport, loaded))
  }

  #explain(
    scope: string | undefined,
    message: Buffer,
    from: string,
    loaded: Loaded | undefined,
  ): Response | Promise<Response> {
    // Explanations are long. Who has not proven that the address is theirs gets them over TCP.
    const { type } = this.#query
    if (this.#transport === 'udp' && !this.#proven && (type === TYPE.TXT || type === TYPE.ANY)) {
      return this.#fail(message, RCODE.NOERROR, 'truncate')
    }
    const { zone, source } = this.#options
    if (loaded === undefined) {
      const name = scope === undefined ? zone.settings.name : `${scope}.${zone.settings.name}`
      const question = this.#question({ scope, name })
      return this.#later(message, from, async () => ({ explanation: { texts: await source.explain(question) } }))
    }
    if (loaded.explanation === undefined) return this.#fail(message, RCODE.SERVFAIL)
    const question = { name: nameAsked(message, this.#query.nameEnd), type }
    return this.#finish(message, encodeReply(explanationReply(loaded.explanation.texts, question, zone)), 128)
  }

  /** Answers with a code alone. */
  #fail(message: Buffer, rcode: Rcode, force?: 'truncate'): Response {
    const known = this.#bare.get(rcode)
    const reply = known ?? encodeReply(errorReply(rcode))
    if (known === undefined) this.#bare.set(rcode, reply)
    return this.#finish(message, reply, 0, force)
  }

  #finish(message: Buffer, reply: WireReply, sameForBits: number, force?: 'truncate'): Response {
    const { limiter, maxUdpBytes, observer } = this.#options
    const query = this.#query
    let limitBytes = MAX_TCP_BYTES
    if (this.#transport === 'udp') {
      limitBytes = Math.min(query.udpBytes, maxUdpBytes)
      const verdict = this.#proven ? 'send' : limiter.check(this.#resolver, categoryOf(reply), this.#now)
      if (verdict !== 'send') observer.limited(verdict)
      if (verdict === 'drop') return undefined
      if (verdict === 'truncate' || force !== undefined) limitBytes = 0
    }
    observer.answered(this.#transport, query.type, reply.rcode)
    const options = this.#replyOptions
    options.scopeBits = reply.tailored && query.subnetAt >= 0 ? this.#client.scopeBits(sameForBits) : 0
    options.cookie = this.#cookie
    options.limitBytes = limitBytes
    return writeReply(message, query, reply, options)
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** What a message had to wait for; empty where it did not come. */
interface Loaded {
  readonly answer?: ScopeAnswer
  readonly explanation?: { readonly texts: readonly string[] | undefined }
}

interface NewName extends Pick<ServiceName, 'scope' | 'apex' | 'name'> {
  readonly labels: string
}

function maxAgeMs({ words }: DnsClient): number {
  return MAX_AGE_MS - AGE_STEP_MS * (((words[0] ?? 0) >>> 8) & 0xff)
}

function refusalOf(query: DnsQuery): Rcode {
  if (query.prefixBytes < 0 || query.type === TYPE.AXFR || query.type === TYPE.IXFR) return RCODE.REFUSED
  if (asksForData(query) || (query.class === 1 && query.type === TYPE.ANY)) return RCODE.NOERROR
  return query.class === 1 ? RCODE.NOTIMP : RCODE.REFUSED
}

function isApexType(type: number): boolean {
  return type === TYPE.SOA || type === TYPE.NS
}

function categoryOf(reply: WireReply): 0 | 1 | 2 {
  if (reply.rcode !== RCODE.NOERROR && reply.rcode !== RCODE.NXDOMAIN) return RATE_CATEGORY.ERROR
  return reply.answers > 0 ? RATE_CATEGORY.ANSWER : RATE_CATEGORY.NEGATIVE
}

function labelsOf(name: ServiceName | NewName, zone: Zone): string {
  return 'labels' in name ? name.labels : name.name.slice(0, -zone.settings.name.length - 1)
}
