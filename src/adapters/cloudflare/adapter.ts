import type { z } from 'zod'
import type { Right } from '../capabilities.ts'
import type { AdapterDefinition, AdapterDeps, CallContext, Credential, ProviderAdapter } from '../contract.ts'
import { AdapterError } from '../errors.ts'
import { createHttpClient, type HttpClient } from '../http-client.ts'
import { secretsOfUrl } from '../redaction.ts'
import { requireUpstreams } from '../upstreams.ts'
import { RELAY_NOT_FOUND, readCloudflareFault } from './error-codes.ts'
import { type CloudflareOptions, cloudflareCapabilities, cloudflareOptionsSchema, TOKENS_PER_RELAY } from './options.ts'
import {
  createdRelaySchema,
  credentialFromWire,
  hasExactly,
  relayPageSchema,
  relaySchema,
  resultOf,
  successSchema,
  tokensSchema,
  upstreamsToWire,
} from './wire.ts'

// Built once: zod compiles a schema the first time it is used.
const createdRelayAnswer = resultOf(createdRelaySchema)
const relayAnswer = resultOf(relaySchema)
const relayPageAnswer = resultOf(relayPageSchema)
const tokensAnswer = resultOf(tokensSchema)

const PAGE_SIZE = '100'

/** Cloudflare MoQ relays: a scope is a relay, its label a part of the relay's name. */
export const cloudflare: AdapterDefinition<CloudflareOptions> = {
  type: 'cloudflare',
  title: 'Cloudflare MoQ relays',
  docsUrl: 'https://developers.cloudflare.com/moq/',
  options: cloudflareOptionsSchema,
  secretOptions: ['api_token'],
  capabilities: cloudflareCapabilities,
  create: createCloudflareAdapter,
}

function createCloudflareAdapter(options: CloudflareOptions, deps: AdapterDeps): ProviderAdapter {
  const { provider } = deps
  const capabilities = cloudflareCapabilities(options)
  const http = createHttpClient({
    ...deps,
    baseUrl: options.base_url,
    headers: { authorization: `Bearer ${options.api_token}` },
    secrets: [options.api_token],
    readFault: readCloudflareFault,
  })
  const relays = `/accounts/${options.account_id}/moq/relays`
  const relayPath = (uid: string): string => `${relays}/${encodeURIComponent(uid)}`
  const nameOf = (label: string): string => `${options.name_prefix}${label}`
  const labelOf = (name: string): { label?: string } =>
    name.startsWith(options.name_prefix) ? { label: name.slice(options.name_prefix.length) } : {}

  async function mint(
    uid: string,
    rights: readonly Right[],
    { operation, signal }: { readonly operation: string; readonly signal: AbortSignal },
  ): Promise<Credential> {
    const path = `${relayPath(uid)}/tokens`
    const body = { operations: rights }
    const tokens = await http.call({ operation, method: 'POST', path, body, answer: tokensAnswer }, signal)
    const credential = tokens.flatMap((token) => credentialFromWire(token) ?? []).find((one) => hasExactly(one, rights))
    if (credential !== undefined) return credential
    const detail = 'the answer to minting a token holds no token with the rights asked for'
    throw new AdapterError('protocol', { provider, operation, detail, effect: 'unknown' })
  }

  async function revoke(uid: string, jti: string, operation: string, signal: AbortSignal): Promise<void> {
    const path = `${relayPath(uid)}/tokens/${encodeURIComponent(jti)}`
    await unlessRelayGone(http.call({ operation, method: 'DELETE', path, answer: successSchema }, signal))
  }

  /**
   * Fresh credentials for a relay whose secrets were lost with the answer to its creation: nobody holds the old
   * tokens, so they are revoked. Those that would leave no room for the new ones go first.
   */
  async function reissue(uid: string, { signal }: CallContext): Promise<readonly Credential[]> {
    const operation = 'adoptScope'
    const path = `${relayPath(uid)}/tokens`
    const old = await http.call({ operation, method: 'GET', path, answer: tokensAnswer }, signal)
    const kept = TOKENS_PER_RELAY - capabilities.credentialsAtCreate.length
    for (const { jti } of old.slice(kept)) await revoke(uid, jti, operation, signal)
    const fresh: Credential[] = []
    for (const rights of capabilities.credentialsAtCreate) fresh.push(await mint(uid, rights, { operation, signal }))
    for (const { jti } of old.slice(0, kept)) await revoke(uid, jti, operation, signal)
    return fresh
  }

  return {
    async createScope({ label, upstreams }, { signal }) {
      const operation = 'createScope'
      if (upstreams.length > 0) {
        const detail = 'this provider takes upstreams only after creation (setUpstreams)'
        throw new AdapterError('unsupported', { provider, operation, detail, effect: 'none' })
      }
      const body = { name: nameOf(label) }
      const answer = createdRelayAnswer
      const { uid, credentials } = await http.call({ operation, method: 'POST', path: relays, body, answer }, signal)
      return { scopeId: uid, url: options.relay_url, credentials }
    },

    async adoptScope(label, call) {
      const name = nameOf(label)
      for await (const relay of listRelays(http, relays, 'adoptScope', call.signal)) {
        if (relay.name !== name) continue
        return { scopeId: relay.uid, url: options.relay_url, credentials: await reissue(relay.uid, call) }
      }
      return undefined
    },

    async getScope(scopeId, { signal }) {
      const request = { operation: 'getScope', method: 'GET', path: relayPath(scopeId) } as const
      const relay = await unlessRelayGone(http.call({ ...request, answer: relayAnswer }, signal))
      if (relay === undefined) return undefined
      return { scopeId: relay.uid, ...labelOf(relay.name), upstreams: relay.upstreams }
    },

    async *listScopes({ signal }) {
      for await (const { uid, name } of listRelays(http, relays, 'listScopes', signal)) {
        yield { scopeId: uid, ...labelOf(name) }
      }
    },

    async setUpstreams(scopeId, upstreams, { signal }) {
      const operation = 'setUpstreams'
      requireUpstreams(upstreams, capabilities, { provider, operation })
      const body = { config: upstreamsToWire(upstreams) }
      const secrets = upstreams.flatMap(secretsOfUrl)
      const answer = successSchema
      await http.call({ operation, method: 'PUT', path: relayPath(scopeId), body, secrets, answer }, signal)
    },

    async deleteScope(scopeId, { signal }) {
      const request = { operation: 'deleteScope', method: 'DELETE', path: relayPath(scopeId) } as const
      await unlessRelayGone(http.call({ ...request, answer: successSchema }, signal))
    },

    mintCredential: (scopeId, rights, { signal }) => mint(scopeId, rights, { operation: 'mintCredential', signal }),

    revokeCredential: (scopeId, remoteId, { signal }) => revoke(scopeId, remoteId, 'revokeCredential', signal),

    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

type ListedRelay = z.infer<typeof relayPageSchema>[number]

/**
 * All relays, newest first. `created_before` is exclusive, so relays of one instant could fall between two pages;
 * each page therefore begins a millisecond later and what was already seen is skipped.
 */
async function* listRelays(
  http: HttpClient,
  path: string,
  operation: string,
  signal: AbortSignal,
): AsyncGenerator<ListedRelay> {
  const seen = new Set<string>()
  let before: string | undefined
  for (;;) {
    const query = { per_page: PAGE_SIZE, ...(before !== undefined && { created_before: before }) }
    const page = await http.call({ operation, method: 'GET', path, query, answer: relayPageAnswer }, signal)
    const fresh = page.filter(({ uid }) => !seen.has(uid))
    const last = page.at(-1)
    if (fresh.length === 0 || last === undefined) return
    for (const relay of fresh) seen.add(relay.uid)
    yield* fresh
    before = new Date(Date.parse(last.created) + 1).toISOString()
  }
}

async function unlessRelayGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof AdapterError && error.remoteCode === RELAY_NOT_FOUND) return undefined
    throw error
  }
}
