import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { LabCdnName } from './footprints.ts'
import { chooseFreePorts } from './free-port.ts'
import type { LabCdnOptions } from './lab-config.ts'

const portSchema = z.number().int().min(1).max(65_535)

const labFileSchema = z.object({
  cdns: z.array(
    z.object({
      name: z.enum(['cdn-a', 'cdn-b', 'cdn-c']),
      kind: z.enum(['draft', 'extended', 'cloudflare']),
      ports: z.object({ api: portSchema, fci: portSchema, relay: portSchema, admin: portSchema }),
      apiToken: z.string().min(1),
      accountId: z.string().min(1),
    }),
  ),
})

/** What a lab remembers of one CDN from start to start. */
export interface LabCdnIdentity extends Pick<LabCdnOptions, 'kind' | 'ports' | 'apiToken' | 'accountId'> {
  readonly name: LabCdnName
}

const LAB_CDNS = [
  { name: 'cdn-a', kind: 'extended' },
  { name: 'cdn-b', kind: 'cloudflare' },
  { name: 'cdn-c', kind: 'draft' },
] as const satisfies readonly Pick<LabCdnIdentity, 'name' | 'kind'>[]

const PORTS_PER_CDN = 4

/**
 * The CDNs of a lab as its file remembers them. Without a file they are made up, with ports from `firstPort` on
 * where those are free (0: any), and written with mode 0600, because the file holds API tokens.
 *
 * @throws Error naming the file, where it is not a lab's file.
 */
export async function loadLabFile(
  path: string,
  options: { readonly host: string; readonly firstPort: number },
): Promise<readonly LabCdnIdentity[]> {
  const text = await readIfThere(path)
  if (text !== undefined) return parseLabFile(path, text)

  const { host, firstPort } = options
  const preferred = Array.from({ length: LAB_CDNS.length * PORTS_PER_CDN }, (_, index) =>
    firstPort === 0 ? 0 : firstPort + index,
  )
  const chosen = await chooseFreePorts(host, preferred)
  const cdns = LAB_CDNS.map((cdn, index): LabCdnIdentity => {
    const [api = 0, fci = 0, relay = 0, admin = 0] = chosen.slice(index * PORTS_PER_CDN)
    const apiToken = `lab-${randomBytes(24).toString('base64url')}`
    return { ...cdn, ports: { api, fci, relay, admin }, apiToken, accountId: randomBytes(16).toString('hex') }
  })
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, `${JSON.stringify({ cdns }, undefined, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return cdns
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function parseLabFile(path: string, text: string): readonly LabCdnIdentity[] {
  const parsed = labFileSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data.cdns
  throw new Error(`${path} is not a lab's file; delete it to have a new one made at the next start`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
