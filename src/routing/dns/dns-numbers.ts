/** Record types and meta types (IANA DNS parameters). */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  TXT: 16,
  AAAA: 28,
  OPT: 41,
  HTTPS: 65,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
} as const

/** Response codes; those above 15 need EDNS (RFC 6891 6.1.3). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  NOTAUTH: 9,
  BADVERS: 16,
} as const

export type Rcode = (typeof RCODE)[keyof typeof RCODE]

export const CLASS_IN = 1

/** EDNS options (RFC 7871, RFC 7873, RFC 8914). */
export const OPTION = { SUBNET: 8, COOKIE: 10, EXTENDED_ERROR: 15 } as const

/** Bytes of a message before its question. */
export const HEADER_BYTES = 12
