import type { AnswerQuestion, AnswerSource } from '../../routing/dns/answer-source.ts'
import {
  answerOf,
  answerOfPlan,
  type ClientAnswer,
  type FallbackTarget,
  type ScopeAnswer,
} from '../../routing/dns/client-answer.ts'
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
/** Nothing is known of the neighbours, so every bit counts. */
const ALL_BITS = 128

/** Answers from the decisions of this process. */
export function createRouteAnswerSource({ routes, names, fallback }: RouteAnswerSourceDeps): AnswerSource {
  const routeQuestion = ({ client, scope }: AnswerQuestion): RouteQuestion => ({
    client,
    ...(scope === undefined ? {} : { scope: names.idOf(scope) }),
  })
  const ownAnswer = ({ decision, sameFor }: RouteAnswer, { name }: AnswerQuestion): ClientAnswer => {
    const { candidates, ttlSeconds } = decision
    return answerOf({ candidates, ttlSeconds, sameForBits: sameFor?.length ?? ALL_BITS }, name, fallback)
  }
  const toAnswer = (answer: RouteAnswer, question: AnswerQuestion): ScopeAnswer => {
    const { drawn, decision } = answer
    if (drawn?.sameFor === undefined) return ownAnswer(answer, question)
    const { candidates, ttlSeconds } = decision
    const facts = { candidates, ttlSeconds, sameForBits: drawn.sameFor.length }
    return answerOfPlan(facts, drawn.tiers, question.name, fallback)
  }

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
        const answer = await inTime(routes.decide(routeQuestion(question)))
        return explanationOf(answer.decision, ownAnswer(answer, question))
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    version: (scope) => routes.version(scope === undefined ? undefined : names.idOf(scope)),
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
