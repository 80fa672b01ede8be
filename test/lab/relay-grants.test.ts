import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import type { LabKind } from '../../src/lab/lab-config.ts'
import { publishCanary, subscribeCanary } from '../../src/moq/canary.ts'
import type { CanaryObject } from '../../src/moq/canary-object.ts'
import { joinConnectUrl } from '../../src/moq/connect-url.ts'
import { muteMoqLibraries } from '../../src/moq/library-console.ts'
import { ACCOUNT_ID, callApi, startTestCdn, type TestCdn, temporaryFolder } from '../support/lab-cdn.ts'

const BROADCAST = 'moq-broker/canary'
const RELAYS = `/accounts/${ACCOUNT_ID}/moq/relays`

afterAll(muteMoqLibraries(console))

interface Scope {
  readonly id: string
  readonly publisher: string
  readonly subscriber: string
}

const draftScopeSchema = z.object({ scope_id: z.string(), token: z.string(), subscribe_token: z.string().optional() })
const relaySchema = z.object({
  result: z.object({
    uid: z.string(),
    issuers: z.array(z.object({ cloudflare_tokens: z.array(z.object({ secret: z.string() })).default([]) })),
  }),
})

/** A scope with the connect URLs of a publisher and of a subscriber. */
async function createScope(cdn: TestCdn, kind: LabKind, upstream?: string): Promise<Scope> {
  const join = (token = ''): string => joinConnectUrl(cdn.relayUrl, token)
  if (kind !== 'cloudflare') {
    const config = upstream === undefined ? {} : { origin_fallback: { url: upstream } }
    const { json } = await cdn.call('POST', '/moq/scopes', { config })
    const { scope_id, token, subscribe_token = token } = draftScopeSchema.parse(json)
    return { id: scope_id, publisher: join(token), subscriber: join(subscribe_token) }
  }
  const { uid, issuers } = relaySchema.parse((await cdn.call('POST', RELAYS, { name: 'a' })).json).result
  const [publisher, subscriber] = issuers.flatMap(({ cloudflare_tokens }) => cloudflare_tokens)
  if (upstream !== undefined) await setUpstream(cdn, kind, uid, upstream)
  return { id: uid, publisher: join(publisher?.secret), subscriber: join(subscriber?.secret) }
}

async function setUpstream(cdn: TestCdn, kind: LabKind, id: string, url: string): Promise<void> {
  const answer =
    kind === 'cloudflare'
      ? await cdn.call('PUT', `${RELAYS}/${id}`, { config: { upstreams: { enabled: true, upstreams: [{ url }] } } })
      : await cdn.call('PATCH', `/moq/scopes/${id}`, { config: { origin_fallback: { url } } })
  expect(answer.status).toBe(200)
}

async function publish(connectUrl: string, run = 'run'): Promise<{ readonly closed: Promise<string> }> {
  const publisher = await publishCanary({
    connectUrl,
    broadcast: BROADCAST,
    run,
    intervalMs: 20,
    connectTimeoutMs: 15_000,
    signal: new AbortController().signal,
    now: Date.now,
  })
  onTestFinished(() => publisher[Symbol.asyncDispose]())
  return publisher
}

async function subscribe(
  connectUrl: string,
): Promise<{ readonly closed: Promise<string>; readonly objects: CanaryObject[] }> {
  const objects: CanaryObject[] = []
  const subscriber = await subscribeCanary({
    connectUrl,
    broadcast: BROADCAST,
    connectTimeoutMs: 15_000,
    signal: new AbortController().signal,
    now: Date.now,
    onObject: (object) => objects.push(object),
  })
  onTestFinished(() => subscriber[Symbol.asyncDispose]())
  return { closed: subscriber.closed, objects }
}

function receives(objects: readonly CanaryObject[], run = 'run'): Promise<void> {
  return vi.waitFor(() => expect(objects.map((object) => object.run)).toContain(run), { timeout: 15_000, interval: 10 })
}

async function sessionsOf(cdn: TestCdn): Promise<unknown> {
  const { json } = await callApi(`${cdn.adminUrl}/state`, 'GET')
  return z.object({ sessions: z.unknown() }).parse(json).sessions
}

describe.each<LabKind>(['draft', 'extended', 'cloudflare'])('the relay of the %s CDN', (kind) => {
  it('lets objects flow from publisher to subscriber with the tokens of a creation', async () => {
    const cdn = await startTestCdn(kind)
    const scope = await createScope(cdn, kind)

    await publish(scope.publisher)
    const { objects } = await subscribe(scope.subscriber)

    await receives(objects)
    expect(await sessionsOf(cdn)).toEqual([
      { scopeId: scope.id, publish: true, subscribe: true, upstream: false },
      { scopeId: scope.id, publish: kind === 'draft', subscribe: true, upstream: false },
    ])
  })

  it('refuses a token that it never gave', async () => {
    const cdn = await startTestCdn(kind)

    await expect(subscribe(`${cdn.relayUrl}/unknown`)).rejects.toMatchObject({ code: 'refused' })
  })

  it('pulls from the upstream of a scope what it does not have', async () => {
    const origin = await startTestCdn('extended')
    const atOrigin = await createScope(origin, 'extended')
    const cdn = await startTestCdn(kind)
    const scope = await createScope(cdn, kind, atOrigin.subscriber)

    await publish(atOrigin.publisher)
    const { objects } = await subscribe(scope.subscriber)

    await receives(objects)
  })

  it('knows its tokens after a restart', async () => {
    const dataDir = temporaryFolder()
    const before = await startTestCdn(kind, { dataDir })
    const scope = await createScope(before, kind)
    await before[Symbol.asyncDispose]()

    const after = await startTestCdn(kind, { dataDir })
    const moved = (url: string): string => `${after.relayUrl}${new URL(url).pathname}`
    await publish(moved(scope.publisher))
    const { objects } = await subscribe(moved(scope.subscriber))

    await receives(objects)
  })
})

describe.each<LabKind>(['extended', 'cloudflare'])('a change at the %s CDN', (kind) => {
  const path = (id: string): string => (kind === 'cloudflare' ? `${RELAYS}/${id}` : `/moq/scopes/${id}`)
  const mintedSchema = z.union([
    z.object({ token_id: z.string(), token: z.string() }).transform(({ token_id, token }) => ({ id: token_id, token })),
    z
      .object({
        result: z.object({
          issuers: z.array(
            z.object({ cloudflare_tokens: z.array(z.object({ jti: z.string(), secret: z.string() })).default([]) }),
          ),
        }),
      })
      .transform(({ result }) => result.issuers.flatMap(({ cloudflare_tokens }) => cloudflare_tokens)[0])
      .pipe(
        z.object({ jti: z.string(), secret: z.string() }).transform(({ jti, secret }) => ({ id: jti, token: secret })),
      ),
  ])

  it('of upstreams reaches a subscriber that is already connected', async () => {
    const origin = await startTestCdn('extended')
    const [first, second] = [await createScope(origin, 'extended'), await createScope(origin, 'extended')]
    const cdn = await startTestCdn(kind)
    const scope = await createScope(cdn, kind, first.subscriber)
    await publish(first.publisher, 'first')
    await publish(second.publisher, 'second')
    const { objects } = await subscribe(scope.subscriber)
    await receives(objects, 'first')

    await setUpstream(cdn, kind, scope.id, second.subscriber)

    await receives(objects, 'second')
  })

  it('that deletes a scope closes its sessions and refuses its tokens', async () => {
    const cdn = await startTestCdn(kind)
    const scope = await createScope(cdn, kind)
    const { closed } = await subscribe(scope.subscriber)

    await cdn.call('DELETE', path(scope.id))

    await closed
    await expect(subscribe(scope.subscriber)).rejects.toMatchObject({ code: 'refused' })
  })

  it('that revokes a token refuses new sessions and leaves open ones alone', async () => {
    const cdn = await startTestCdn(kind)
    const scope = await createScope(cdn, kind)
    const minted = await cdn.call('POST', `${path(scope.id)}/tokens`, { operations: ['subscribe'] })
    const { id, token } = mintedSchema.parse(minted.json)
    const connectUrl = joinConnectUrl(cdn.relayUrl, token)
    const { objects } = await subscribe(connectUrl)

    await cdn.call('DELETE', `${path(scope.id)}/tokens/${id}`)

    await expect(subscribe(connectUrl)).rejects.toMatchObject({ code: 'refused' })
    await publish(scope.publisher)
    await receives(objects)
  })
})

it('the cloudflare CDN says "connected" exactly while somebody is', async () => {
  const cdn = await startTestCdn('cloudflare')
  const scope = await createScope(cdn, 'cloudflare')
  const statusOf = async (): Promise<unknown> => {
    const { json } = await cdn.call('GET', `${RELAYS}/${scope.id}`)
    return z.object({ result: z.looseObject({}) }).parse(json).result['status']
  }

  const session = await subscribe(scope.subscriber)
  expect(await statusOf()).toBe('connected')

  await cdn.setFault({ relayDown: true })
  await session.closed
  expect(await statusOf()).toBeUndefined()
})

it('a relay that is down cuts its sessions and takes them again when it is back', async () => {
  const cdn = await startTestCdn('draft')
  const scope = await createScope(cdn, 'draft')
  const { closed } = await publish(scope.publisher)

  await cdn.setFault({ relayDown: true })
  await closed
  await expect(subscribe(scope.subscriber)).rejects.toMatchObject({ code: 'unreachable' })

  await cdn.setFault(undefined)
  await publish(scope.publisher)
  const { objects } = await subscribe(scope.subscriber)
  await receives(objects)
})
