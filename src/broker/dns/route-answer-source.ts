import type { AnswerQuestion, AnswerSource } from '../../routing/dns/answer-source.ts'
import { answerOf, type FallbackTarget, type ScopeAnswer } from '../../routing/dns/client-answer.ts'
import { explanationOf } from '../../routing/dns/explanation.ts'
import { BrokerError } from '../broker-error.ts'
import type { RouteAnswer, RouteQuestion, RouteService } from '../route-service.ts'
import type { ScopeNames } from '../scopes/scope-names.ts'

export interface RouteAnswerSourceDeps {
  readonly routes: RouteService
  readonly names: ScopeNames
  readonly fallback: FallbackTarget | undefined
}

/** Resolvers ask again after a second or two; by then the scope is in memory. */
const PATIENCE_MS = 2_000
/** More bits than any address has: nothing is known of the neighbours. */
const ALL_BITS = 128

/** Answers from the decisions of this process. */
export function createRouteAnswerSource({ routes, names, fallback }: RouteAnswerSourceDeps): AnswerSource {
  const routeQuestion = ({ client, scope }: AnswerQuestion): RouteQuestion => ({
    client,
    ...(scope === undefined ? {} : { scope: names.idOf(scope) }),
  })
  const toAnswer = ({ decision }: RouteAnswer, { name }: AnswerQuestion): Exclude<ScopeAnswer, 'absent'> =>
    answerOf(
      { candidates: decision.candidates, ttlSeconds: decision.ttlSeconds, sameForBits: ALL_BITS },
      name,
      fallback,
    )

  return {
    held(question) {
      try {
        const answer = routes.decideHeld(routeQuestion(question))
        return answer === undefined ? undefined : toAnswer(answer, question)
      } catch (error) {
        return isNotFound(error) ? 'absent' : undefined
      }
    },
    async load(question) {
      try {
        return toAnswer(await inTime(routes.decide(routeQuestion(question))), question)
      } catch (error) {
        if (isNotFound(error)) return 'absent'
        throw error
      }
    },
    async explain(question) {
      try {
        const { decision } = await inTime(routes.decide(routeQuestion(question)))
        return explanationOf(decision, toAnswer({ decision, connectUrls: new Map() }, question))
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    version: () => undefined,
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof BrokerError && error.code === 'not_found'
}

async function inTime<Value>(answer: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the decision took too long for DNS')), PATIENCE_MS)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
