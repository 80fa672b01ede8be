import type { Decision } from '../../routing/decision.ts'
import { isHost } from '../../routing/redirect-target.ts'
import { pathwayClones, pathwayPriority, type SteeringManifest } from '../../routing/steering-manifest.ts'
import { readReport } from '../../routing/steering-report.ts'
import { openState, penaltiesAfter, type Sign, type SteeringState, sealState } from '../../routing/steering-state.ts'
import type { RouteQuestion, RouteService } from '../route-service.ts'
import type { ScopeNames } from '../scopes/scope-names.ts'
import { ProblemError } from './problem.ts'
import { nobody } from './redirect.ts'
import { RequestRate } from './request-rate.ts'
import { MAX_SESSION_LENGTH } from './routes/route-schemas.ts'
import { openBlock, preflightAnswer, type Surface, type SurfaceAnswer, type SurfaceRequest } from './surface-answer.ts'
import { IdSchema } from './wire-fields.ts'

export interface SteeringDeps {
  readonly routes: RouteService
  readonly names: ScopeNames
  readonly now: () => number
  /** Under a key that all replicas share. */
  readonly sign: Sign
  readonly newSession: () => string
  /** Whether players of this scope should stop asking. */
  readonly isEnded: (scope: string) => boolean
  /** How long a pathway that a player turned away from stands last for it. */
  readonly penaltyMs: number
  /** How long a player may stay away before it counts as a new one. */
  readonly sessionMs: number
  readonly mostPerMinute: { readonly session: number; readonly client: number }
  /** The pathway that presentations name, where the others are to be cloned from it. */
  readonly cloneFrom?: string
  /** Where players reach the broker; `RELOAD-URI` is relative without it. */
  readonly publicUrl?: string
}

/** As metrics and logs call it. */
export const STEERING_ROUTE = '/steering/:scope/:manifest'
const METHODS = 'GET, HEAD, OPTIONS'
const PATH = /^\/steering\/([^/?#]*)\/(hls|dash)\.json(?:\?(.*))?$/s

const HEADERS = {
  hls: openBlock({ 'Content-Type': 'application/vnd.apple.steering-list', 'Cache-Control': 'no-store' }),
  dash: openBlock({ 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }),
} as const

/**
 * `/steering/{scope}/hls.json` and `dash.json`: tells players in which order to use the providers, from the decision
 * that everybody else gets. It keeps nothing of a player: what it must know the next time stands signed in `RELOAD-URI`.
 */
export function createSteering(deps: SteeringDeps): Surface {
  const rates = {
    session: new RequestRate(deps.mostPerMinute.session),
    client: new RequestRate(deps.mostPerMinute.client),
  }

  function admit(by: 'session' | 'client', caller: string, now: number): void {
    const retryAfterSeconds = rates[by].secondsToWait(caller, now)
    if (retryAfterSeconds === undefined) return
    throw new ProblemError({
      kind: 'too-many-requests',
      detail: `More than ${deps.mostPerMinute[by]} steering requests of one ${by} within a minute.`,
      retryAfterSeconds,
    })
  }

  return (request) => {
    if (request.method === 'OPTIONS') return preflightAnswer(METHODS)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new ProblemError({
        kind: 'method-not-allowed',
        detail: `That method is not known here; use ${METHODS}.`,
        headers: { Allow: METHODS },
      })
    }
    const asked = readRequest(request)
    const { client } = request.origin
    if (client === undefined) throw invalid('client', 'The connection has no address, so nobody knows whom to ask for.')
    const now = deps.now()
    const scope = deps.names.idOf(asked.scope)
    const told = asked.token === null ? undefined : openState(asked.token, { scope, now, sign: deps.sign })
    if (told === undefined) admit('client', client, now)
    else admit('session', told.session, now)
    if (deps.isEnded(scope)) {
      throw new ProblemError({ kind: 'steering-ended', detail: 'Content steering of this scope has ended.' })
    }
    const session = told?.session ?? asked.session ?? deps.newSession()
    const penalties = told === undefined ? {} : penaltiesAfter(told, asked.used, { now, penaltyMs: deps.penaltyMs })
    const question: RouteQuestion = { client, scope, session }
    const finish = ({ decision }: { readonly decision: Decision }): SurfaceAnswer =>
      manifestAnswer(deps, { request, asked, scope, now, decision, session, penalties })
    const held = deps.routes.decideHeld(question)
    return held === undefined ? deps.routes.decide(question).then(finish) : finish(held)
  }
}

interface Asked {
  readonly scope: string
  readonly format: 'hls' | 'dash'
  readonly token: string | null
  /** That the presentation's author put into the first URL. */
  readonly session: string | undefined
  readonly used: readonly string[]
}

function readRequest({ target }: SurfaceRequest): Asked {
  const [matched, scope = '', format, query = ''] = PATH.exec(target) ?? []
  if (matched === undefined || !IdSchema.safeParse(scope).success) {
    throw new ProblemError({
      kind: 'not-found',
      detail: 'There is no such steering manifest; the path is /steering/{scope}/hls.json or dash.json.',
    })
  }
  const kind = format === 'dash' ? 'dash' : 'hls'
  const parameters = new URLSearchParams(query)
  const report = readReport(kind, parameters)
  if ('wrong' in report) throw invalid(report.wrong, 'is not what a player sends')
  const session = parameters.get('session') ?? undefined
  if (session !== undefined && (session === '' || session.length > MAX_SESSION_LENGTH)) {
    throw invalid('session', `must have 1 to ${MAX_SESSION_LENGTH} characters`)
  }
  return { scope, format: kind, token: parameters.get('s'), session, used: report.used }
}

interface Answering extends Pick<SteeringState, 'session' | 'penalties'> {
  readonly request: SurfaceRequest
  readonly asked: Asked
  readonly scope: string
  readonly now: number
  readonly decision: Decision
}

function manifestAnswer(deps: SteeringDeps, answering: Answering): SurfaceAnswer {
  const { request, asked, scope, now, decision, session, penalties } = answering
  const { candidates } = decision
  const priority = pathwayPriority(candidates, penalties)
  const [first] = priority
  if (first === undefined) throw nobody(decision)
  const { host } = request.origin
  const clones =
    deps.cloneFrom === undefined || host === undefined || !isHost(host)
      ? []
      : pathwayClones(candidates, { base: deps.cloneFrom, host, format: asked.format })
  const state = sealState({ session, first, penalties }, { scope, expiresAt: now + deps.sessionMs, sign: deps.sign })
  const manifest: SteeringManifest = {
    VERSION: 1,
    TTL: decision.ttlSeconds,
    'RELOAD-URI': `${folderOf(deps, asked)}${asked.format}.json?s=${state}`,
    'PATHWAY-PRIORITY': priority,
    ...(clones.length === 0 ? {} : { 'PATHWAY-CLONES': clones }),
  }
  return {
    status: 200,
    shared: HEADERS[asked.format],
    body: JSON.stringify(manifest),
  }
}

/** Empty: that of the manifest itself. */
function folderOf({ publicUrl }: SteeringDeps, { scope }: Asked): string {
  return publicUrl === undefined ? '' : `${publicUrl.replace(/\/+$/, '')}/steering/${scope}/`
}

function invalid(parameter: string, detail: string): ProblemError {
  return new ProblemError({
    kind: 'invalid-request',
    detail: `A parameter is not valid at ${parameter}: ${detail}.`,
    errors: [{ parameter, detail }],
  })
}
