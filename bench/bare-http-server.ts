import { createServer } from 'node:http'
import { z } from 'zod'

/** What a bare server answers to everything, as JSON in its first argument. */
export const BareAnswer = z.object({
  status: z.int(),
  bodyBytes: z.int(),
  /** Besides `Content-Length`. */
  headers: z.record(z.string(), z.string()),
})
export type BareAnswer = z.infer<typeof BareAnswer>

if (process.argv[1]?.endsWith('bare-http-server.ts') === true) {
  const { status, bodyBytes, headers } = BareAnswer.parse(JSON.parse(process.argv[2] ?? ''))
  const body = 'x'.repeat(bodyBytes)
  const all = { ...headers, 'Content-Length': String(bodyBytes) }
  const server = createServer((_request, response) => {
    response.writeHead(status, all)
    response.end(body)
  })
  server.keepAliveTimeout = 65_000
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) process.stdout.write(`${address.port}\n`)
  })
}
