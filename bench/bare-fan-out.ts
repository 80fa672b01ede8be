import { Agent } from 'undici'
import type { Change, Store } from '../src/broker/store/store.ts'
import type { RunningLabCdn } from '../src/lab/lab-member.ts'

/** The same calls to the CDNs and the same writes to the store as a creation, and nothing else. */
export interface BareFanOut extends AsyncDisposable {
  run(): Promise<void>
}

interface Call {
  readonly cdn: RunningLabCdn
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: unknown
}

/**
 * The primary (extended) and the cloudflare-shaped CDN at once, then the latter's upstreams and the draft's creation,
 * as the broker plans it. Each answer is read and parsed as JSON; the writes are those of a recorded creation.
 */
export function createBareFanOut(
  store: Store,
  cdns: readonly RunningLabCdn[],
  commits: readonly (readonly Change[])[],
): BareFanOut {
  const agent = new Agent({ connections: 256 })
  const [primary, cloudflare, draft] = cdns
  if (primary === undefined || cloudflare === undefined || draft === undefined)
    throw new Error('the lab has three CDNs')
  const relays = `/accounts/${cloudflare.accountId}/moq/relays`
  const writes = commits.map((changes) => changes.map(unconditional))

  async function send(call: Call): Promise<unknown> {
    const url = new URL(`${call.cdn.apiUrl}${call.path}`)
    const response = await agent.request({
      origin: url.origin,
      path: url.pathname,
      method: call.method,
      headers: { authorization: `Bearer ${call.cdn.apiToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(call.body),
    })
    const answer: unknown = await response.body.json()
    if (response.statusCode >= 300) throw new Error(`${call.cdn.name} answered ${response.statusCode}`)
    return answer
  }

  async function write(index: number): Promise<void> {
    const changes = writes[index]
    if (changes !== undefined) await store.commit(changes)
  }

  return {
    async run() {
      await write(0)
      const upstream = `${primary.relayUrl}/token`
      const fallback = { config: { origin_fallback: { url: upstream } } }
      const [relay] = await Promise.all([
        send({ cdn: cloudflare, method: 'POST', path: relays, body: { name: 'bench' } }),
        send({ cdn: primary, method: 'POST', path: '/moq/scopes', body: {} }),
      ])
      const upstreams = { config: { upstreams: { enabled: true, upstreams: [{ url: upstream }] } } }
      await write(1)
      await Promise.all([
        send({ cdn: cloudflare, method: 'PUT', path: `${relays}/${uidOf(relay)}`, body: upstreams }),
        send({ cdn: draft, method: 'POST', path: '/moq/scopes', body: fallback }),
      ])
      for (let index = 2; index < writes.length; index += 1) await write(index)
    },
    async [Symbol.asyncDispose]() {
      await agent.close()
    },
  }
}

function unconditional(change: Change): Change {
  return change.kind === 'event' ? change : { ...change, expect: 'any' }
}

function uidOf(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'result' in answer) {
    const { result } = answer
    if (typeof result === 'object' && result !== null && 'uid' in result && typeof result.uid === 'string')
      return result.uid
  }
  throw new Error('the relay has no uid')
}
