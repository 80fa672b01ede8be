import { EDGE_PATH } from '../lab/edge-endpoint.ts'
import { FOOTPRINTS_PATH } from '../lab/footprint-endpoint.ts'
import { checkConfig, type LoadedConfig } from './config/load-config.ts'
import { DEMO_NAME, LAB_ZONE } from './lab-names.ts'

/** What of a lab CDN its provider needs. */
export interface LabProvider {
  readonly name: string
  readonly kind: 'draft' | 'extended' | 'cloudflare'
  readonly apiUrl: string
  readonly fciUrl: string
  readonly relayUrl: string
  readonly adminUrl: string
  readonly apiToken: string
  readonly accountId: string
}

export interface LabSettings {
  readonly host: string
  readonly port: number
  readonly storePath: string
  readonly geoFile?: string
  /** Absent: no DNS. */
  readonly dns?: { readonly host: string; readonly port: number }
}

const EXTENDED_OPERATIONS = ['get', 'list', 'update', 'delete', 'mint', 'revoke']

/** The configuration of a broker in front of the lab: the same form as a file's, checked the same way. */
export function labConfig(cdns: readonly LabProvider[], settings: LabSettings): LoadedConfig {
  const env: Record<string, string> = {}
  const providers = cdns.map((cdn, index) => {
    const variable = `LAB_TOKEN_${index}`
    env[variable] = cdn.apiToken
    return {
      id: cdn.name,
      ...adapterOf(cdn, `env:${variable}`),
      fci: {
        url: cdn.fciUrl,
        footprints_url: new URL(FOOTPRINTS_PATH, cdn.fciUrl).href,
        poll_seconds: 5,
        stale_after_seconds: 60,
        expire_after_seconds: 3600,
      },
      priority: 100 + index,
      probe: 'websocket',
      target: {
        host: new URL(cdn.fciUrl).host,
        scheme: 'http',
        path_prefix: EDGE_PATH,
        // Told apart by DNS, which knows no ports.
        addresses: [`127.0.0.${11 + index}`],
      },
      fault_url: cdn.adminUrl,
    }
  })
  return checkConfig(
    {
      // Programs on this machine may speak for clients elsewhere, so that the lab can be tried out.
      listen: { host: settings.host, port: settings.port, trusted_proxies: ['127.0.0.0/8', '::1/128'] },
      store: { kind: 'embedded', path: settings.storePath },
      providers,
      health: { interval_ms: 250 },
      repair: { interval_ms: 1_000 },
      routing: { scope_names: [DEMO_NAME] },
      redirect: { enabled: true },
      steering: { enabled: true },
      ...(settings.dns === undefined ? {} : { dns: labDns(settings.dns) }),
      ...(settings.geoFile === undefined ? {} : { geo: [{ file: settings.geoFile, format: 'csv' }] }),
    },
    'the lab',
    { env, readFile: () => '' },
  )
}

function labDns(listen: NonNullable<LabSettings['dns']>): Readonly<Record<string, unknown>> {
  return {
    listen: [listen],
    zone: LAB_ZONE,
    ns: [{ host: `ns1.${LAB_ZONE}`, addresses: [listen.host] }],
    explain: true,
    // The lab's world is smaller than the networks that resolvers tell of elsewhere.
    ecs: { max_v4: 32, max_v6: 64 },
  }
}

function adapterOf(
  cdn: LabProvider,
  token: string,
): { readonly adapter: string; readonly options: Readonly<Record<string, unknown>> } {
  switch (cdn.kind) {
    case 'draft':
      return { adapter: 'draft-http', options: { base_url: cdn.apiUrl, token } }
    case 'extended':
      return {
        adapter: 'draft-http',
        options: {
          base_url: cdn.apiUrl,
          token,
          operations: EXTENDED_OPERATIONS,
          subscribe_token: true,
          labels: true,
          idempotency_key: true,
        },
      }
    case 'cloudflare':
      return {
        adapter: 'cloudflare',
        options: { base_url: cdn.apiUrl, account_id: cdn.accountId, api_token: token, relay_url: cdn.relayUrl },
      }
  }
}
