import type { ScopeAnswer } from './client-answer.ts'
import type { Explanation } from './reply.ts'

/** One question about one client. */
export interface AnswerQuestion {
  /** Address as text. */
  readonly client: string
  /** Absent: no scope in particular. */
  readonly scope?: string | undefined
  /** The name that stands for the scope: lower case, without the last dot. */
  readonly name: string
}

/** Where answers come from: the broker's decisions, in this process or in the one that started it. */
export interface AnswerSource {
  /** From memory alone; undefined: `load` it. Never throws. */
  held(question: AnswerQuestion): ScopeAnswer | undefined
  /** Rejects when it cannot be told in time. */
  load(question: AnswerQuestion): Promise<ScopeAnswer>
  /** Why this client is sent where it is sent. Rejects when it cannot be told in time. */
  explain(question: AnswerQuestion): Promise<Explanation>
  /** Changes with anything that may change an answer for this scope; undefined: it cannot tell. */
  version(scope: string | undefined): string | number | undefined
}
