import { NO_CAPABILITIES } from '../../src/adapters/capabilities.ts'
import { BrokerError } from '../../src/broker/broker-error.ts'
import type { DrillReport, DrillRequest, DrillService } from '../../src/broker/drills/drill-service.ts'
import type { KeyService, KeyView, Principal, Role } from '../../src/broker/key-service.ts'
import type { ProviderService, ProviderView } from '../../src/broker/providers/provider-service.ts'
import type { RouteAnswer, RouteQuestion, RouteService } from '../../src/broker/route-service.ts'
import type { RedirectTarget } from '../../src/fci/effective-capabilities.ts'

const AT = Date.UTC(2026, 10, 21)

/** One key per role: `mqb_<role>`. */
export class FakeKeys implements KeyService {
  readonly views = new Map<string, KeyView>()
  failure: Error | undefined

  async authenticate(key: string): Promise<Principal | undefined> {
    if (this.failure !== undefined) throw this.failure
    return this.recall(key)
  }

  /** A key that is no longer one. */
  revoked: string | undefined

  recall(key: string): Principal | undefined {
    if (key === this.revoked) return undefined
    switch (key) {
      case 'mqb_reader':
        return { id: 'reader-id', name: 'a reader', role: 'reader' }
      case 'mqb_operator':
        return { id: 'operator-id', name: 'an operator', role: 'operator' }
      case 'mqb_admin':
        return { id: 'admin-id', name: 'an admin', role: 'admin' }
      default:
        return undefined
    }
  }

  async create(request: { readonly name: string; readonly role: Role }): Promise<KeyView & { readonly key: string }> {
    const view = { id: `key${this.views.size}`, name: request.name, role: request.role, createdAt: AT }
    this.views.set(view.id, view)
    return { ...view, key: `mqb_${view.id}_secret` }
  }

  async list(): Promise<readonly KeyView[]> {
    return [...this.views.values()]
  }

  async revoke(id: string): Promise<void> {
    if (!this.views.delete(id)) throw new BrokerError('not_found', `There is no API key ${id}.`)
  }
}

export class FakeProviders implements ProviderService {
  readonly views = new Map<string, ProviderView>(['alpha', 'beta'].map((id) => [id, provider(id)]))

  async list(): Promise<readonly ProviderView[]> {
    return [...this.views.values()]
  }

  async get(id: string): Promise<ProviderView | undefined> {
    return this.views.get(id)
  }

  async setState(id: string, change: Parameters<ProviderService['setState']>[1], by: string): Promise<ProviderView> {
    const view = this.views.get(id)
    if (view === undefined) throw new BrokerError('not_found', `There is no provider ${id}.`)
    const next = { ...view, administrative: { ...change, by, since: AT } }
    this.views.set(id, next)
    return next
  }
}

function provider(id: string): ProviderView {
  return {
    id,
    adapter: 'draft-http',
    capabilities: {
      ...NO_CAPABILITIES,
      credentialsAtCreate: [['publish', 'subscribe'], ['subscribe']],
      upstreamSchemes: ['moqt'],
      credentialLimit: 10,
    },
    administrative: { state: 'enabled' },
    health: { state: 'up', since: AT, reason: 'answers' },
    breaker: {
      state: 'half_open',
      failures: 1,
      successes: 2,
      rejects: 3,
      lastError: { kind: 'timeout', detail: 'no answer within 2 s', at: AT },
    },
    advertisement: {
      version: 'abc',
      fetchedAt: AT,
      confirmedAt: AT,
      ageSeconds: 12,
      stale: false,
      expired: false,
      capabilityTypes: ['FCI.DeliveryProtocol'],
      diagnostics: [{ severity: 'warning', code: 'unknown-type', message: 'unknown', pointer: '/capabilities/0' }],
    },
    advertisementError: 'the last fetch timed out',
    priority: 1,
    weight: 100,
  }
}

const BETA_TARGET: RedirectTarget = {
  redirectingHosts: [],
  httpTarget: { host: 'edge.beta.example', scheme: 'https', pathPrefix: '/p/', includeRedirectingHost: false },
}

/** Knows the scope `known`, whose provider `alpha` has only a URL that publishes. */
export class FakeRoutes implements RouteService {
  readonly questions: RouteQuestion[] = []
  /** By provider. */
  readonly targets = new Map<string, readonly RedirectTarget[]>([['beta', [BETA_TARGET]]])
  candidates: readonly string[] = ['alpha', 'beta']
  known = 'known'
  ttlSeconds = 30
  coverage: RouteAnswer['coverage']

  async decide(question: RouteQuestion): Promise<RouteAnswer> {
    return this.decideHeld(question)
  }

  /** Grows with every change that a test makes known. */
  changes = 1

  version(): string {
    return String(this.changes)
  }

  decideHeld(question: RouteQuestion): RouteAnswer {
    this.questions.push(question)
    if (!/^[\d.:a-f]+$/i.test(question.client)) {
      throw new BrokerError('invalid_request', 'The client is not an IP address.', {
        faults: [{ detail: 'is not an IP address', parameter: 'client' }],
      })
    }
    if (question.scope !== undefined && question.scope !== this.known) {
      throw new BrokerError('not_found', `There is no scope ${question.scope}.`)
    }
    return {
      decision: {
        client: question.client,
        candidates: this.candidates.map((id) => ({
          provider: id,
          matched: { type: 'ipv4cidr', value: '192.0.2.0/24', prefixLength: 24 },
          priority: 1,
          weight: 100,
          redirectTargets: this.targets.get(id) ?? [],
          addresses: [],
          ranked: {},
          because: ['the longest match'],
        })),
        behind: this.candidates.slice(1).map((_, i) => ({
          provider: this.candidates[i] ?? '',
          line: 'priority',
          because: 'priority 1 after 1',
        })),
        rejected: [{ provider: 'gamma', rule: 'drained', because: 'maintenance' }],
        ttlSeconds: this.ttlSeconds,
        panic: false,
        policy: 'config',
        advertisements: [{ provider: 'alpha', version: 'abc', ageSeconds: 12, stale: false }],
      },
      sameFor: undefined,
      versions: { map: undefined, geo: [], health: [] },
      coverage: this.coverage,
      connectUrls:
        question.scope === undefined
          ? new Map()
          : new Map([
              ['alpha', { url: 'moqt://alpha.example/publish-token', publishCapable: true }],
              ['beta', { url: 'moqt://beta.example/subscribe-token', publishCapable: false }],
            ]),
    }
  }
}

export class FakeDrills implements DrillService {
  readonly reports = new Map<string, DrillReport>()

  async start(request: DrillRequest, by: string): Promise<DrillReport> {
    if ([...this.reports.values()].some((report) => report.state === 'running')) {
      throw new BrokerError('operation_in_progress', 'Another drill runs.', { retryAfterSeconds: 7 })
    }
    const report: DrillReport = {
      id: `drill-${this.reports.size}`,
      provider: request.provider,
      method: request.method,
      scope: request.scope ?? 'canary',
      hypothesis: request.hypothesis ?? 'nobody notices',
      state: 'running',
      requestedBy: by,
      startedAt: AT,
      measured: {
        detectMs: 12.5,
        objectsBefore: 5,
        objectsDuring: 0,
        objectsLost: 0,
        longestGapMs: 40.25,
        probesBefore: 5,
        probesDuring: 0,
      },
      timeline: [{ at: AT, event: 'started', detail: 'steady state' }],
    }
    this.reports.set(report.id, report)
    return report
  }

  async get(id: string): Promise<DrillReport | undefined> {
    return this.reports.get(id)
  }

  async list(options: { readonly limit: number; readonly after?: string }): Promise<readonly DrillReport[]> {
    const newestFirst = [...this.reports.values()].reverse()
    const from = newestFirst.findIndex((report) => report.id === options.after) + 1
    return newestFirst.slice(from, from + options.limit)
  }

  async abort(id: string, reason: string): Promise<DrillReport> {
    const report = this.reports.get(id)
    if (report === undefined) throw new BrokerError('not_found', `There is no drill ${id}.`)
    if (report.state === 'ended') throw new BrokerError('invalid_state', `Drill ${id} has ended.`)
    const ended: DrillReport = {
      ...report,
      state: 'ended',
      verdict: 'interrupted',
      because: reason,
      endedAt: AT + 1000,
    }
    this.reports.set(id, ended)
    return ended
  }
}
