import { z } from 'zod'
import { startLabCdn } from '../../src/lab/cdn.ts'
import type { LabKind } from '../../src/lab/lab-config.ts'
import type { AdapterSubject } from '../conformance/adapter-subject.ts'
import { startApiProxy } from './api-proxy.ts'
import { plantTree } from './temporary-tree.ts'

export const LAB_ACCOUNT = '0123456789abcdef0123456789abcdef'
const LAB_TOKEN = 'lab-api-token-of-the-account'

const stateSchema = z.object({
  scopes: z.array(z.object({ id: z.string(), label: z.string().exactOptional(), upstreams: z.array(z.string()) })),
})

/** Where the adapter finds a lab CDN and with which token. */
export interface LabAccess {
  readonly apiUrl: string
  readonly apiToken: string
  readonly relayUrl: string
}

/** A lab CDN in this process behind an `ApiProxy`, as the subject of the adapter conformance suite. */
export async function openLabSubject(
  kind: LabKind,
  optionsFor: (access: LabAccess) => Readonly<Record<string, unknown>>,
): Promise<AdapterSubject> {
  const folder = plantTree({})
  const cdn = await startLabCdn(
    {
      kind,
      name: 'cdn-under-test',
      host: '127.0.0.1',
      ports: { api: 0, fci: 0, relay: 0, admin: 0 },
      dataDir: folder.root,
      apiToken: LAB_TOKEN,
      accountId: LAB_ACCOUNT,
      advertisement: {},
    },
    { now: () => Date.now(), log: () => {} },
  )
  const api = new URL(cdn.apiUrl)
  const proxy = await startApiProxy(api.origin)
  const apiUrl = `${proxy.origin}${api.pathname.replace(/\/$/, '')}`
  return {
    ...proxy,
    options: optionsFor({ apiUrl, apiToken: LAB_TOKEN, relayUrl: cdn.relayUrl }),
    setFault: (fault) => cdn.setFault(fault),
    async scopes() {
      const answer = await fetch(`${cdn.adminUrl}/state`)
      return stateSchema.parse(await answer.json()).scopes
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await cdn[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}
