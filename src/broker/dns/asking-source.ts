import type { AnswerQuestion, AnswerSource } from '../../routing/dns/answer-source.ts'
import type { ScopeAnswer } from '../../routing/dns/client-answer.ts'
import type { Explanation } from '../../routing/dns/reply.ts'
import type { Ask, Told } from './worker-messages.ts'

export interface AskingSourceDeps {
  /** Hands questions to the broker's process. */
  readonly send: (asks: readonly Ask[]) => void
  /** Runs a task soon, once. */
  readonly soon: (task: () => void) => void
  /** Whether versions are told. */
  readonly versioned: boolean
}

/** Answers of another process: that of the broker, which alone decides. */
export interface AskingSource extends AnswerSource {
  take(told: readonly Told[]): void
  noteVersion(scope: string | undefined, version: string | number): void
  /** Everything asked is given up. */
  giveUp(): void
}

interface Waiting {
  readonly question: AnswerQuestion
  readonly key: string | undefined
  readonly told: (told: Told) => void
  readonly fail: (error: Error) => void
}

const PATIENCE_MS = 2_000
const MAX_VERSIONS = 65_536

/** Questions of one turn of the event loop go out together, and the same question is asked once. */
export function createAskingSource({ send, soon, versioned }: AskingSourceDeps): AskingSource {
  const waiting = new Map<number, Waiting>()
  const running = new Map<string, Promise<ScopeAnswer>>()
  const versions = new Map<string, string | number>()
  let asks: Ask[] = []
  let nextId = 1

  function ask(question: AnswerQuestion, key: string | undefined): Promise<Told> {
    const id = nextId++
    if (asks.length === 0) {
      soon(() => {
        const batch = asks
        asks = []
        send(batch)
      })
    }
    asks.push({ id, question, explain: key === undefined })
    return new Promise<Told>((resolve, reject) => {
      const timer = setTimeout(() => fail(new Error('the broker did not answer in time')), PATIENCE_MS)
      const end = (): void => {
        clearTimeout(timer)
        waiting.delete(id)
        if (key !== undefined) running.delete(key)
      }
      const fail = (error: Error): void => {
        end()
        reject(error)
      }
      waiting.set(id, {
        question,
        key,
        fail,
        told: (told) => {
          end()
          resolve(told)
        },
      })
    })
  }

  async function answer(question: AnswerQuestion, key: string): Promise<ScopeAnswer> {
    const told = await ask(question, key)
    if (told.answer === undefined) throw new Error('the broker could not decide')
    return told.answer
  }

  function noteVersion(scope: string | undefined, version: string | number): void {
    if (versions.size >= MAX_VERSIONS) versions.clear()
    versions.set(scope ?? '', version)
  }

  return {
    held: () => undefined,
    load(question) {
      const key = `${question.scope ?? ''} ${question.client}`
      const known = running.get(key)
      if (known !== undefined) return known
      const started = answer(question, key)
      running.set(key, started)
      return started
    },
    async explain(question): Promise<Explanation> {
      const { explanation } = await ask(question, undefined)
      if (explanation === undefined) throw new Error('the broker could not decide')
      return explanation.texts
    },
    // What was never told has a version of its own, other than that which comes with the first answer.
    version: (scope) => (versioned ? (versions.get(scope ?? '') ?? 0) : undefined),
    take(all) {
      for (const told of all) {
        const asked = waiting.get(told.id)
        if (asked === undefined) continue
        if (told.version !== undefined) noteVersion(asked.question.scope, told.version)
        asked.told(told)
      }
    },
    noteVersion,
    giveUp() {
      for (const { fail } of waiting.values()) fail(new Error('this process is stopping'))
    },
  }
}
