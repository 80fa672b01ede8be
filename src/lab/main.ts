#!/usr/bin/env node
import { z } from 'zod'
import { muteMoqLibraries } from '../moq/library-console.ts'
import { startLabCdn } from './cdn.ts'
import { API_TOKEN_VARIABLE, type LabCdnOptions, type LabCdnReady } from './lab-config.ts'

const port = z.number().int().min(0).max(65_535)

const optionsSchema: z.ZodType<LabCdnOptions> = z.strictObject({
  kind: z.enum(['draft', 'extended', 'cloudflare']),
  name: z.string().min(1),
  host: z.string().min(1),
  ports: z.strictObject({ api: port, fci: port, relay: port, admin: port }),
  dataDir: z.string().min(1),
  apiToken: z.string().min(1),
  accountId: z.string().min(1),
  advertisement: z.unknown(),
  footprints: z
    .array(z.strictObject({ namespace: z.string().min(1), name: z.string().min(1), definition: z.unknown() }))
    .exactOptional(),
  geofeed: z.string().exactOptional(),
  scopeLimit: z.number().int().min(1).exactOptional(),
})

/** One lab CDN as a process of its own: options in argv[2], readiness on stdout and by IPC, log lines on stderr. */
async function main(): Promise<void> {
  muteMoqLibraries(console)
  const options = parseOptions(process.argv[2])
  const cdn = await startLabCdn(options, {
    now: Date.now,
    log: (event, fields) => {
      process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`)
    },
  })

  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    cdn[Symbol.asyncDispose]().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // The channel closes when the parent dies, however it dies: nobody could stop this process then.
  process.on('disconnect', stop)
  const orphaned = process.send !== undefined && !process.connected
  if (orphaned) return stop()

  const { apiUrl, fciUrl, relayUrl, adminUrl } = cdn
  const ready: LabCdnReady = { ready: true, name: options.name, pid: process.pid, apiUrl, fciUrl, relayUrl, adminUrl }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  process.send?.(ready)
}

function parseOptions(argument: string | undefined): LabCdnOptions {
  const given = parseJson(argument ?? '')
  const token = process.env[API_TOKEN_VARIABLE]
  const withToken =
    typeof given === 'object' && given !== null && token !== undefined ? { apiToken: token, ...given } : given
  const parsed = optionsSchema.safeParse(withToken)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'argument'}: ${issue.message}`)
  throw new Error(`the one argument must be LabCdnOptions as JSON (src/lab/lab-config.ts): ${faults.join('; ')}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

main().catch(fail)
