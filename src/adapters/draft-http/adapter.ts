import { z } from 'zod'
import type { Right } from '../capabilities.ts'
import type { AdapterDefinition, AdapterDeps, CallContext, Credential, ProviderAdapter } from '../contract.ts'
import { AdapterError } from '../errors.ts'
import { createHttpClient, type HttpClient } from '../http-client.ts'
import { secretsOfUrl } from '../redaction.ts'
import { requireUpstreams } from '../upstreams.ts'
import { type DraftHttpOptions, draftHttpCapabilities, draftHttpOptionsSchema } from './options.ts'
import {
  createdScopeSchema,
  createdScopeWithSubscribeTokenSchema,
  fallbackToWire,
  mintedTokenSchema,
  readDraftFault,
  scopeFromWire,
  scopePageSchema,
  scopeSchema,
} from './wire.ts'

const SCOPES = '/moq/scopes'
const PAGE_SIZE = '100'

/** Any CDN that speaks draft-englishm-moq-cdn-provisioning, and what it may offer beyond the draft. */
export const draftHttp: AdapterDefinition<DraftHttpOptions> = {
  type: 'draft-http',
  title: 'MoQ CDN provisioning draft over HTTP',
  docsUrl: 'https://datatracker.ietf.org/doc/draft-englishm-moq-cdn-provisioning/',
  options: draftHttpOptionsSchema,
  secretOptions: ['token'],
  capabilities: draftHttpCapabilities,
  create: createDraftHttpAdapter,
}

function createDraftHttpAdapter(options: DraftHttpOptions, deps: AdapterDeps): ProviderAdapter {
  const { provider } = deps
  const capabilities = draftHttpCapabilities(options)
  const http = createHttpClient({
    ...deps,
    baseUrl: options.base_url,
    headers: authorization(options),
    secrets: [options.token],
    readFault: readDraftFault,
  })

  const mint = (scopeId: string, rights: readonly Right[], operation: string, call: CallContext): Promise<Credential> =>
    http.call(
      {
        operation,
        method: 'POST',
        path: `${scopePath(scopeId)}/tokens`,
        body: { operations: rights },
        answer: mintedTokenSchema,
      },
      call.signal,
    )

  const adapter: ProviderAdapter = {
    async createScope({ label, upstreams }, call) {
      requireUpstreams(upstreams, capabilities, { provider, operation: 'createScope' })
      const [upstream] = upstreams
      const key = options.idempotency_key ? call.idempotencyKey : undefined
      const request = {
        operation: 'createScope',
        method: 'POST',
        path: SCOPES,
        body: {
          ...(upstream !== undefined && { config: fallbackToWire(upstream) }),
          ...(options.labels && { label }),
        },
        ...(key !== undefined && { headers: { 'idempotency-key': `"${key}"` } }),
        secrets: upstreams.flatMap(secretsOfUrl),
      } as const
      const rights = { publisher: ['publish', 'subscribe'], subscriber: ['subscribe'] } as const
      if (!options.subscribe_token) {
        const { scope_id, url, token } = await http.call({ ...request, answer: createdScopeSchema }, call.signal)
        return { scopeId: scope_id, url, credentials: [{ rights: rights.publisher, secret: token }] }
      }
      const answer = createdScopeWithSubscribeTokenSchema
      const { scope_id, url, token, subscribe_token } = await http.call({ ...request, answer }, call.signal)
      return {
        scopeId: scope_id,
        url,
        credentials: [
          { rights: rights.publisher, secret: token },
          { rights: rights.subscriber, secret: subscribe_token },
        ],
      }
    },

    ...(capabilities.adoptByLabel && {
      async adoptScope(label, call) {
        for await (const scope of listWireScopes(http, 'adoptScope', provider, call.signal)) {
          if (scope.label !== label) continue
          const url = scope.url ?? (await getRelayUrl(http, scope.scope_id, provider, call.signal))
          const credentials: Credential[] = []
          for (const rights of capabilities.credentialsAtCreate) {
            credentials.push(await mint(scope.scope_id, rights, 'adoptScope', call))
          }
          return { scopeId: scope.scope_id, url, credentials }
        }
        return undefined
      },
    }),

    ...(capabilities.get && {
      async getScope(scopeId, call) {
        const request = { operation: 'getScope', method: 'GET', path: scopePath(scopeId), answer: scopeSchema } as const
        const scope = await unlessNotFound(http.call(request, call.signal))
        return scope === undefined ? undefined : scopeFromWire(scope)
      },
    }),

    ...(capabilities.list && {
      async *listScopes(call) {
        for await (const scope of listWireScopes(http, 'listScopes', provider, call.signal)) yield scopeFromWire(scope)
      },
    }),

    ...(capabilities.updateConfig && {
      async setUpstreams(scopeId, upstreams, call) {
        requireUpstreams(upstreams, capabilities, { provider, operation: 'setUpstreams' })
        await http.call(
          {
            operation: 'setUpstreams',
            method: 'PATCH',
            path: scopePath(scopeId),
            body: { config: fallbackToWire(upstreams[0]) },
            secrets: upstreams.flatMap(secretsOfUrl),
            answer: z.unknown(),
          },
          call.signal,
        )
      },
    }),

    ...(capabilities.delete && {
      async deleteScope(scopeId, call) {
        const request = {
          operation: 'deleteScope',
          method: 'DELETE',
          path: scopePath(scopeId),
          answer: z.unknown(),
        } as const
        await unlessNotFound(http.call(request, call.signal))
      },
    }),

    ...(capabilities.mintCredential && {
      mintCredential: (scopeId, rights, call) => mint(scopeId, rights, 'mintCredential', call),
    }),

    ...(capabilities.revokeCredential && {
      async revokeCredential(scopeId, remoteId, call) {
        const path = `${scopePath(scopeId)}/tokens/${encodeURIComponent(remoteId)}`
        const request = { operation: 'revokeCredential', method: 'DELETE', path, answer: z.unknown() } as const
        await unlessNotFound(http.call(request, call.signal))
      },
    }),

    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
  return adapter
}

function authorization({ token, token_header }: DraftHttpOptions): Record<string, string> {
  const [name = '', scheme] = token_header.split(/: ?/)
  return { [name.toLowerCase()]: scheme === undefined ? token : `${scheme} ${token}` }
}

function scopePath(scopeId: string): string {
  return `${SCOPES}/${encodeURIComponent(scopeId)}`
}

async function* listWireScopes(
  http: HttpClient,
  operation: string,
  provider: string,
  signal: AbortSignal,
): AsyncGenerator<z.infer<typeof scopeSchema>> {
  const seen = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await http.call(
      {
        operation,
        method: 'GET',
        path: SCOPES,
        query: { limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) },
        answer: scopePageSchema,
      },
      signal,
    )
    yield* page.scopes
    cursor = page.next_cursor ?? undefined
    if (cursor !== undefined && seen.has(cursor)) {
      const detail = 'the list gave the same cursor twice; it would never end'
      throw new AdapterError('protocol', { provider, operation, detail, effect: 'none' })
    }
    if (cursor !== undefined) seen.add(cursor)
  } while (cursor !== undefined)
}

async function getRelayUrl(http: HttpClient, scopeId: string, provider: string, signal: AbortSignal): Promise<string> {
  const operation = 'adoptScope'
  const { url } = await http.call({ operation, method: 'GET', path: scopePath(scopeId), answer: scopeSchema }, signal)
  if (url !== undefined) return url
  const detail = 'the scope was found by its label, but neither list nor get tells its relay url'
  throw new AdapterError('protocol', { provider, operation, detail, effect: 'none' })
}

async function unlessNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof AdapterError && error.kind === 'not_found') return undefined
    throw error
  }
}
