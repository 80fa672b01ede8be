import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

const Service = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  init: z.boolean().default(false),
  restart: z.string(),
  command: z.array(z.string()).optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  secrets: z.array(z.string()).default([]),
  network_mode: z.string().optional(),
  networks: z.array(z.string()).default([]),
  /** `address:published:target`. */
  ports: z.array(z.string().regex(/^[\d.]+:\d+:\d+$/)).default([]),
  /** `source:target[:ro]`. */
  volumes: z.array(z.string()).default([]),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()),
      interval: z.string().optional(),
      timeout: z.string().optional(),
      start_period: z.string().optional(),
      retries: z.number().optional(),
    })
    .optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).default({}),
})

/** The part of the compose format that our file uses; anything else is refused, since no test looks at it. */
const ComposeFile = z.strictObject({
  name: z.string(),
  'x-broker': z.unknown(),
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean() })),
  volumes: z.record(z.string(), z.null()),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
})

export type ComposeFile = z.infer<typeof ComposeFile>

/** Reads a compose file, with YAML's merge keys resolved. */
export function readComposeFile(path: string): ComposeFile {
  return ComposeFile.parse(parse(readFileSync(path, 'utf8'), { merge: true }))
}

/** A service of the file. Throws when it is not there. */
export function serviceOf(compose: ComposeFile, name: string): ComposeFile['services'][string] {
  const service = compose.services[name]
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`)
  return service
}
