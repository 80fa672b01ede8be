import { readFileSync } from 'node:fs'
import type { LoadedConfig } from './config/load-config.ts'
import type { StoreOptions } from './store/open-store.ts'

/** The store that a configuration asks for, with its password. */
export function storeOptions({ config, secrets }: LoadedConfig): StoreOptions {
  const { store } = config
  if (store.kind === 'embedded') return store
  const base = {
    kind: 'redis',
    prefix: store.prefix,
    timeoutMs: store.timeout_ms,
    ...(store.username === undefined ? {} : { username: store.username }),
    ...(secrets.redisPassword === undefined ? {} : { password: secrets.redisPassword }),
    ...(store.ca_file === undefined ? {} : { tls: { ca: readFileSync(store.ca_file, 'utf8') } }),
  } as const
  if (store.url !== undefined) return { ...base, url: store.url }
  if (store.sentinels !== undefined)
    return { ...base, sentinels: store.sentinels.nodes.map(hostPort), name: store.sentinels.name }
  return { ...base, clusterNodes: (store.cluster ?? []).map(hostPort) }
}

function hostPort(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}
