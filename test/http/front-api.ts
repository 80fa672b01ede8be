import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { createHttpApp } from '../../src/broker/http/app.ts'
import type { AccessRecord, HttpDeps, Readiness } from '../../src/broker/http/app-env.ts'
import { createRedirect } from '../../src/broker/http/redirect.ts'
import { createSteering } from '../../src/broker/http/steering.ts'
import { createRouteStreams } from '../../src/broker/route-streams.ts'
import { createDecisionSigner } from '../../src/broker/routing/decision-signer.ts'
import { FakeAdvertisements } from './fake-advertisements.ts'
import { FAKE_COVERAGE } from './fake-coverage.ts'
import { FAKE_GEO } from './fake-geo.ts'
import { FakeMeasurements } from './fake-measurements.ts'
import { FakePolicies } from './fake-policies.ts'
import { FakeScopes } from './fake-scopes.ts'
import { FakeDrills, FakeKeys, FakeProviders, FakeRoutes } from './fake-services.ts'
import { closeObjects, OpenApiCheck, type OpenApiDocument } from './openapi-check.ts'

export interface Call {
  /** `undefined`: the operator's key; `null`: none. */
  readonly key?: string | null
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly body?: BodyInit
  readonly headers?: Readonly<Record<string, string>>
  /** Address of the connection's peer. */
  readonly peer?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; an empty object when it is none. */
  readonly json: JsonObject
}

type Json = string | number | boolean | null | JsonObject | readonly Json[]
export interface JsonObject {
  readonly [name: string]: Json | undefined
}

const BODY_BYTES = 1024

let checked: OpenApiCheck | undefined

/** The front API on services in memory; every answer is checked against `/openapi.json`. */
export class FrontApi {
  readonly scopes = new FakeScopes()
  readonly providers = new FakeProviders()
  readonly advertisements = new FakeAdvertisements()
  readonly routes = new FakeRoutes()
  readonly streams = createRouteStreams({ routes: this.routes, maxStreams: 2 })
  readonly policies = new FakePolicies()
  readonly measurements = new FakeMeasurements()
  readonly drills = new FakeDrills()
  readonly keys = new FakeKeys()
  /** Scopes whose steering has ended. */
  readonly ended = new Set<string>()
  readonly names = { idOf: (reference: string) => (reference === 'demo' ? 'known' : reference) }
  readonly logged: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[] = []
  readonly observed: AccessRecord[] = []
  readiness: Readiness = { ready: true, checks: { store: { ok: true } } }
  now = Date.UTC(2026, 10, 21)
  readonly deps: HttpDeps
  readonly app: ReturnType<typeof createHttpApp>

  /** `without`: surfaces that are switched off. `steeringUrl`: where players reach steering. */
  constructor(overrides: Partial<HttpDeps> = {}, without: readonly 'redirect'[] = [], steeringUrl?: string) {
    let requests = 0
    const write = (fields: Readonly<Record<string, unknown>>, message: string): void => {
      this.logged.push({ fields, message })
    }
    this.deps = {
      scopes: this.scopes,
      providers: this.providers,
      advertisements: this.advertisements,
      geo: FAKE_GEO,
      routes: this.routes,
      routeStreams: this.streams,
      policies: this.policies,
      signer: createDecisionSigner(new Uint8Array(32).fill(7)),
      measurements: this.measurements,
      drills: this.drills,
      coverage: FAKE_COVERAGE,
      keys: this.keys,
      metrics: { contentType: 'text/plain; version=0.0.4', render: async () => 'up 1\n' },
      readiness: async () => this.readiness,
      now: () => this.now,
      log: { access: (fields) => write({ ...fields }, 'request'), error: write },
      observe: (access) => this.observed.push(access),
      requestId: () => {
        requests += 1
        return `request-${requests}`
      },
      limits: { bodyBytes: BODY_BYTES, requestTimeoutMs: 5000, waitMs: 20 },
      ...(without.includes('redirect') ? {} : { redirect: createRedirect({ routes: this.routes, names: this.names }) }),
      steering: createSteering({
        routes: this.routes,
        names: this.names,
        now: () => this.now,
        sign: (text) => createHmac('sha256', 'secret').update(text).digest('base64url'),
        newSession: () => 'new-session',
        isEnded: (scope) => this.ended.has(scope),
        penaltyMs: 120_000,
        sessionMs: 3_600_000,
        mostPerMinute: { session: 5, client: 10_000 },
        cloneFrom: 'alpha',
        ...(steeringUrl === undefined ? {} : { publicUrl: steeringUrl }),
      }),
      version: '0.0.0-test',
      ...overrides,
    }
    this.app = createHttpApp(this.deps)
  }

  /** Sends a request without checking the answer against the document. */
  async send(method: string, path: string, call: Call = {}): Promise<Answer> {
    const headers = new Headers(call.headers)
    const key = call.key === undefined ? 'mqb_operator' : call.key
    if (key !== null) headers.set('authorization', `Bearer ${key}`)
    if (call.json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
    const body = call.json === undefined ? call.body : JSON.stringify(call.json)
    const bindings = call.peer === undefined ? {} : { incoming: { socket: { remoteAddress: call.peer } } }
    const init = { method, headers, ...(body === undefined ? {} : { body, duplex: 'half' }) }
    const response = await this.app.request(path, init, bindings)
    const text = await response.clone().text()
    await this.#check(method, path, response)
    return { status: response.status, headers: response.headers, text, json: parseObject(text) }
  }

  async #check(method: string, path: string, response: Response): Promise<void> {
    checked ??= new OpenApiCheck(await new FrontApi().document())
    const operation = checked.operation(method === 'HEAD' ? 'GET' : method, new URL(path, 'http://broker').pathname)
    const text = await response.text()
    if (operation !== undefined && method !== 'HEAD') expect(checked.faultsOf(operation, response, text)).toEqual([])
    // RFC 7285 8.5 has a form of its own.
    const isAlto = response.headers.get('content-type') === 'application/alto-error+json'
    if (response.status >= 400 && method !== 'HEAD' && !isAlto) expectProblem(response, text)
  }

  /** `/openapi.json` with every object closed. */
  async document(): Promise<OpenApiDocument> {
    const response = await this.app.request('/openapi.json')
    const parsed: OpenApiDocument = await response.json()
    const schemas: Record<string, unknown> = {}
    for (const [name, schema] of Object.entries(parsed.components.schemas)) schemas[name] = closeObjects(schema)
    return { ...parsed, components: { ...parsed.components, schemas } }
  }
}

/** RFC 9457: the media type, and members that agree with the answer. */
function expectProblem(response: Response, text: string): void {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = parseObject(text)
  expect(problem['status']).toBe(response.status)
  expect(problem['type']).toMatch(/^urn:moq-broker:problem:[a-z-]+$/)
  expect(problem['instance']).toBe(`urn:moq-broker:request:${response.headers.get('x-request-id')}`)
  expect(problem['title']).not.toBe('')
  expect(problem['detail']).not.toBe('')
}

function parseObject(text: string): JsonObject {
  if (!text.startsWith('{')) return {}
  const parsed: JsonObject = JSON.parse(text)
  return parsed
}

/** The problem's kind and where its faults are. */
export function problemIn(answer: Answer): {
  readonly status: number
  readonly kind: string
  readonly places: readonly string[]
} {
  const errors = answer.json['errors']
  const faults: readonly JsonObject[] = Array.isArray(errors) ? errors : []
  return {
    status: answer.status,
    kind: textOf(answer.json['type']).replace('urn:moq-broker:problem:', ''),
    places: faults.map((fault) => textOf(fault['pointer'] ?? fault['parameter'])),
  }
}

/** A member that must be text. */
export function textOf(value: Json | undefined): string {
  if (typeof value !== 'string') throw new TypeError(`text was expected, not ${JSON.stringify(value)}`)
  return value
}
