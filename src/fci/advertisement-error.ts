export const ADVERTISEMENT_FAULTS = [
  'invalid-json',
  'duplicate-member',
  'too-deep',
  'too-large',
  'not-an-advertisement',
  'not-named-footprints',
] as const

export type AdvertisementFault = (typeof ADVERTISEMENT_FAULTS)[number]

/**
 * A document that is no advertisement at all. Thrown, never turned into an empty advertisement: an empty one is a
 * statement ("I can serve nothing", RFC 9241 3.6), and a failed read is none. Keep the last good one instead.
 */
export class AdvertisementError extends Error {
  readonly fault: AdvertisementFault
  /** RFC 6901 pointer to the place. */
  readonly pointer: string
  /** The message without the place. */
  readonly why: string

  constructor(fault: AdvertisementFault, pointer: string, why: string) {
    super(`cannot read the advertisement at ${pointer === '' ? 'its root' : pointer}: ${why}`)
    this.name = 'AdvertisementError'
    this.fault = fault
    this.pointer = pointer
    this.why = why
  }
}
