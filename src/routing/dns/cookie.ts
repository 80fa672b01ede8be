import type { DnsClient } from './dns-client.ts'
import { sipHash24 } from './siphash.ts'

/** What the cookie option of a query is worth (RFC 7873 5.2). */
export type CookieStanding = 'malformed' | 'unproven' | 'proven'

const CLIENT_COOKIE = 8
/** Version, reserved, time, hash (RFC 9018 4). */
const SERVER_COOKIE = 16
const VERSION = 1
const OLDEST_SECONDS = 3_600
const NEWEST_SECONDS = 300

/** Server cookies in the form of RFC 9018, so that all servers of a name with one secret know each other's. */
export class CookieJar {
  readonly #secret: Uint8Array

  /** @param secret - 16 bytes. */
  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  /**
   * Whether the option proves that its sender receives what is sent to this address.
   *
   * @param option - the data of the option.
   * @param nowSeconds - since the epoch.
   */
  standing(option: Uint8Array, resolver: DnsClient, nowSeconds: number): CookieStanding {
    const { length } = option
    if (length !== CLIENT_COOKIE && (length < 16 || length > 40)) return 'malformed'
    if (length !== CLIENT_COOKIE + SERVER_COOKIE || option[8] !== VERSION) return 'unproven'
    const view = new DataView(option.buffer, option.byteOffset, length)
    const madeAt = view.getUint32(12)
    // Serial arithmetic (RFC 1982): the time wraps in 2106.
    const age = (nowSeconds - madeAt) | 0
    if (age > OLDEST_SECONDS || age < -NEWEST_SECONDS) return 'unproven'
    const hash = this.#hash(option.subarray(0, CLIENT_COOKIE + 8), resolver)
    return hash.every((byte, index) => byte === option[16 + index]) ? 'proven' : 'unproven'
  }

  /** The option's data for the answer: the client's cookie and ours. */
  bake(option: Uint8Array, resolver: DnsClient, nowSeconds: number): Uint8Array {
    const cookie = new Uint8Array(CLIENT_COOKIE + SERVER_COOKIE)
    cookie.set(option.subarray(0, CLIENT_COOKIE))
    cookie[CLIENT_COOKIE] = VERSION
    new DataView(cookie.buffer).setUint32(12, nowSeconds)
    cookie.set(this.#hash(cookie.subarray(0, CLIENT_COOKIE + 8), resolver), CLIENT_COOKIE + 8)
    return cookie
  }

  #hash(head: Uint8Array, { version, words }: DnsClient): Uint8Array {
    const addressWords = version === 4 ? 1 : 4
    const input = new Uint8Array(head.length + 4 * addressWords)
    input.set(head)
    const view = new DataView(input.buffer)
    for (let i = 0; i < addressWords; i++) view.setUint32(head.length + 4 * i, words[i] ?? 0)
    return sipHash24(this.#secret, input)
  }
}
