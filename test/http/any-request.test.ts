import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeCursor, encodeCursor } from '../../src/broker/http/cursor.ts'
import { findJsonFault } from '../../src/broker/http/json-text.ts'
import { parsePreferences } from '../../src/broker/http/preferences.ts'
import { type HttpServer, serveHttp } from '../../src/broker/http/server.ts'
import { FrontApi } from './front-api.ts'
import { exchange } from './raw-http.ts'

const PATHS = [
  '/',
  '/moq/scopes',
  '/moq/scopes/',
  '/operations/',
  '/providers/',
  '/route?client=',
  '/route?scope=',
  '/drills?cursor=',
  '/keys/',
]
const HEADERS = [
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'Prefer',
  'Content-Type',
  'X-Request-Id',
  'Authorization',
  'Accept',
]
const METHODS = ['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS']

describe('any request', () => {
  const api = new FrontApi()
  let server: HttpServer

  beforeAll(async () => {
    server = await serveHttp(api.app, { host: '127.0.0.1', port: 0, headersTimeoutMs: 500, requestId: () => 'r' })
  })

  afterAll(async () => {
    await server.close(0)
  })

  /** Bytes that cannot end the line on which they stand. */
  const bytes = fc
    .array(
      fc.integer({ min: 0, max: 255 }).filter((byte) => byte !== 10 && byte !== 13),
      { maxLength: 60 },
    )
    .map((codes) => Uint8Array.from(codes))

  const send = async (parts: readonly (string | Uint8Array)[]) =>
    await exchange(
      server.port,
      Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))),
    )

  it('with any bytes in its target gets an answer below 500', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...METHODS), fc.constantFrom(...PATHS), bytes, async (method, path, tail) => {
        const answer = await send([
          `${method} ${path}`,
          tail,
          ' HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer mqb_admin\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
        ])
        expect(answer?.status).toBeLessThan(500)
      }),
    )
  })

  it('with any bytes in a header field gets an answer below 500', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE'),
        fc.constantFrom('/moq/scopes', '/moq/scopes/scope-0001'),
        fc.constantFrom(...HEADERS),
        bytes,
        async (method, path, name, value) => {
          const authorization = name === 'Authorization' ? '' : 'Authorization: Bearer mqb_admin\r\n'
          const answer = await send([
            `${method} ${path} HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n${authorization}Content-Length: 2\r\n${name}: `,
            value,
            '\r\n\r\n{}',
          ])
          expect(answer?.status).toBeLessThan(500)
        },
      ),
    )
  })

  it('with any bytes as its body gets an answer below 500', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(
          'POST /moq/scopes',
          'POST /route',
          'POST /keys',
          'POST /drills',
          'PUT /providers/alpha/state',
          'PATCH /moq/scopes/x',
        ),
        fc.uint8Array({ maxLength: 200 }),
        async (request, body) => {
          const answer = await send([
            `${request} HTTP/1.1\r\nHost: broker\r\nConnection: close\r\nAuthorization: Bearer mqb_admin\r\n`,
            `Content-Type: application/json\r\nContent-Length: ${body.byteLength}\r\n\r\n`,
            body,
          ])
          expect(answer?.status).toBeLessThan(500)
        },
      ),
    )
  })

  it('with any JSON as its body gets a documented answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/moq/scopes', '/route', '/keys', '/drills'),
        fc.jsonValue(),
        async (path, json) => {
          const answer = await new FrontApi().send('POST', path, { key: 'mqb_admin', json })
          expect(answer.status).toBeLessThan(500)
        },
      ),
    )
  })
})

describe('findJsonFault', () => {
  const SAMPLE = fc.jsonValue({ maxDepth: 6 })

  it('finds nothing in what JSON.stringify wrote, however it is indented', () => {
    fc.assert(
      fc.property(SAMPLE, fc.nat({ max: 4 }), (value, indent) => {
        expect(findJsonFault(JSON.stringify(value, undefined, indent), 100)).toBeUndefined()
      }),
    )
  })

  it('finds the second of two equal names, whatever stands around them', () => {
    fc.assert(
      fc.property(fc.string(), SAMPLE, SAMPLE, (name, first, second) => {
        const text = `[${JSON.stringify(first)},{${JSON.stringify(name)}:${JSON.stringify(first)},${JSON.stringify(name)}:${JSON.stringify(second)}}]`
        expect(findJsonFault(text, 100)?.pointer.startsWith('/1/')).toBe(true)
      }),
    )
  })
})

describe('cursors', () => {
  it('read back as the id that they were made of', () => {
    const ids = fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/)
    fc.assert(
      fc.property(ids, (id) => {
        expect(decodeCursor(encodeCursor(id))).toBe(id)
      }),
    )
  })

  it('are refused when they were made of anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text)).toThrow('The cursor was not made by this API')
      }),
    )
  })
})

it('preferences are read out of any text without failing', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parsePreferences(text).respondAsync).toBe(/(^|,)\s*respond-async\s*(;|,|$)/i.test(text))
    }),
  )
})
