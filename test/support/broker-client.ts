import { z } from 'zod'
import { eventually } from './eventually.ts'

const placementSchema = z.object({
  provider: z.string(),
  role: z.enum(['primary', 'secondary']),
  state: z.enum(['pending', 'ready', 'unwired', 'failed', 'leaving']),
  scope_id: z.string().optional(),
  url: z.string().optional(),
  fallback: z.object({ to: z.string(), provider: z.string().optional() }).optional(),
  error: z.object({ code: z.string(), detail: z.string() }).optional(),
})

const scopeSchema = z.object({
  scope_id: z.string(),
  state: z.enum(['provisioning', 'ready', 'degraded', 'failed', 'deleting']),
  name: z.string().optional(),
  primary: z.string(),
  operation: z.string().optional(),
  revision: z.int(),
  placements: z.array(placementSchema),
})
export type ScopeBody = z.infer<typeof scopeSchema>

const operationSchema = z.object({
  operation_id: z.string(),
  scope_id: z.string(),
  kind: z.string(),
  state: z.enum(['running', 'succeeded', 'degraded', 'failed']),
  steps: z.array(z.object({ provider: z.string(), action: z.string(), state: z.string() })),
})
export type OperationBody = z.infer<typeof operationSchema>

const problemSchema = z.object({ type: z.string(), status: z.int(), detail: z.string() })
export type ProblemAnswer = z.infer<typeof problemSchema>

const credentialsSchema = z.object({
  credentials: z.array(
    z.object({ provider: z.string(), rights: z.array(z.string()), connect_url: z.string(), role: z.string() }),
  ),
})
export type CredentialBody = z.infer<typeof credentialsSchema>['credentials'][number]

const decisionSchema = z.object({
  candidates: z.array(z.object({ provider: z.string(), connect_url: z.string().optional() })),
  panic: z.boolean(),
})
export type DecisionBody = z.infer<typeof decisionSchema>

const eventSchema = z.object({ type: z.string(), detail: z.string(), provider: z.string().optional() })
export type EventBody = z.infer<typeof eventSchema>

const eventsSchema = z.object({ events: z.array(eventSchema) })
const scopePageSchema = z.object({ scopes: z.array(scopeSchema), next_cursor: z.string().optional() })

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** `undefined` where the body is no JSON. */
  readonly json: unknown
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of the client's own; `null`: none. */
  readonly key?: string | null
}

const CALL_TIMEOUT_MS = 40_000

/** The broker's API over HTTP, as a customer with one key uses it. */
export class BrokerClient {
  readonly url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.url = url
    this.#key = key
  }

  /** The same broker with another key. */
  as(key: string): BrokerClient {
    return new BrokerClient(this.url, key)
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { body, headers = {}, key = this.#key } = options
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: parseJson(text) }
  }

  /** Makes a scope and waits for it. */
  async createScope(body: object = {}): Promise<ScopeBody> {
    return scopeSchema.parse(wanted(await this.call('POST', '/moq/scopes', { body }), 201).json)
  }

  /** Begins a change and does not wait for it. */
  async begin(method: string, path: string, body?: unknown): Promise<OperationBody> {
    const headers = { prefer: 'respond-async' }
    const answer = await this.call(method, path, { headers, ...(body === undefined ? {} : { body }) })
    return operationSchema.parse(wanted(answer, 202).json)
  }

  /** `undefined`: there is none. */
  async scope(id: string): Promise<ScopeBody | undefined> {
    const answer = await this.call('GET', `/moq/scopes/${id}`)
    return answer.status === 404 ? undefined : scopeSchema.parse(wanted(answer, 200).json)
  }

  async scopes(): Promise<readonly ScopeBody[]> {
    const all: ScopeBody[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = scopePageSchema.parse(wanted(await this.call('GET', `/moq/scopes?limit=200${query}`), 200).json)
      all.push(...page.scopes)
      cursor = page.next_cursor
    }
    return all
  }

  async operation(id: string): Promise<OperationBody> {
    return operationSchema.parse(wanted(await this.call('GET', `/operations/${id}`), 200).json)
  }

  async credentials(scope: string): Promise<readonly CredentialBody[]> {
    const answer = wanted(await this.call('GET', `/moq/scopes/${scope}/credentials`), 200)
    return credentialsSchema.parse(answer.json).credentials
  }

  async events(scope: string): Promise<readonly EventBody[]> {
    const answer = wanted(await this.call('GET', `/moq/scopes/${scope}/events?limit=200`), 200)
    return eventsSchema.parse(answer.json).events
  }

  async route(client: string, scope?: string): Promise<DecisionBody> {
    const query = new URLSearchParams({ client, ...(scope === undefined ? {} : { scope }) })
    return decisionSchema.parse(wanted(await this.call('GET', `/route?${query}`), 200).json)
  }

  /** Waits until an operation has ended. */
  ended(operation: string, withinMs?: number): Promise<OperationBody> {
    const ask = async (): Promise<OperationBody | undefined> => {
      const found = await this.operation(operation)
      return found.state === 'running' ? undefined : found
    }
    return eventually(`operation ${operation} has ended`, ask, withinMs)
  }

  /** Waits until a scope is ready and nobody is at work on it. */
  ready(scope: string, withinMs?: number): Promise<ScopeBody> {
    const ask = async (): Promise<ScopeBody | undefined> => {
      const found = await this.scope(scope)
      if (found?.state === 'ready' && found.operation === undefined) return found
      throw new Error(JSON.stringify(found))
    }
    return eventually(`scope ${scope} is ready`, ask, withinMs)
  }
}

/** The answer, which must have this status. */
export function wanted(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer
  throw new Error(`${answer.status} instead of ${status}: ${answer.text}`)
}

/** The RFC 9457 problem in an answer. */
export function problemIn(answer: Answer): ProblemAnswer {
  return problemSchema.parse(answer.json)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
