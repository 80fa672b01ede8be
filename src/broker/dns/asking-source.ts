import type { AnswerQuestion, AnswerSource } from '../../routing/dns/answer-source.ts'
import type { ScopeAnswer } from '../../routing/dns/client-answer.ts'
import type { Explanation } from '../../routing/dns/reply.ts'
import type { Asks, Told } from './worker-messages.ts'

export interface AskingSourceDeps {
  /** Hands questions to the broker's process. */
  readonly send: (asks: readonly Asks[]) => void
  /** Runs a task soon, once. */
  readonly soon: (task: () => void) => void
  /** Milliseconds of any clock. */
  readonly now: () => number
  /** Whether versions are told. */
  readonly versioned: boolean
}

/** Answers of another process: that of the broker, which alone decides. */
export interface AskingSource extends AnswerSource {
  take(told: readonly Told[]): void
  noteVersion(scope: string | undefined, version: string | number): void
  /** Gives up what was asked too long ago; to be called now and then. */
  giveUpOld(): void
  /** Everything asked is given up. */
  giveUp(): void
}

interface Waiting {
  readonly scope: string | undefined
  readonly askedAt: number
  readonly resolve: (told: OneTold) => void
  readonly reject: (error: Error) => void
}

interface OneTold {
  readonly told: Told
  readonly sameForBits: number
}

interface OpenAsks extends Asks {
  readonly ids: number[]
  readonly clients: string[]
}

const PATIENCE_MS = 2_000
const MAX_VERSIONS = 65_536

/** Questions of one turn of the event loop go out together, and the same question is asked once. */
export function createAskingSource({ send, soon, now, versioned }: AskingSourceDeps): AskingSource {
  /** In the order of their asking. */
  const waiting = new Map<number, Waiting>()
  const running = new Map<string, Promise<ScopeAnswer>>()
  const versions = new Map<string, string | number>()
  const open = new Map<string, OpenAsks>()
  let nextId = 1

  function ask({ name, scope, client }: AnswerQuestion, explain: boolean): Promise<OneTold> {
    const id = nextId++
    if (open.size === 0) {
      soon(() => {
        send([...open.values()])
        open.clear()
      })
    }
    const group = `${explain ? 'why' : 'where'} ${name}`
    const asks = open.get(group) ?? { name, explain, ids: [], clients: [], ...(scope === undefined ? {} : { scope }) }
    asks.ids.push(id)
    asks.clients.push(client)
    open.set(group, asks)
    return new Promise<OneTold>((resolve, reject) => {
      waiting.set(id, { scope, askedAt: now(), resolve, reject })
    })
  }

  async function answer(question: AnswerQuestion, key: string): Promise<ScopeAnswer> {
    try {
      const { told, sameForBits } = await ask(question, false)
      if (told.answer === undefined) throw new Error('the broker could not decide')
      return told.answer.kind === 'absent' ? 'absent' : { ...told.answer, sameForBits }
    } finally {
      running.delete(key)
    }
  }

  function noteVersion(scope: string | undefined, version: string | number): void {
    if (versions.size >= MAX_VERSIONS) versions.clear()
    versions.set(scope ?? '', version)
  }

  function giveUpWhile(isOver: (one: Waiting) => boolean, why: string): void {
    for (const [id, one] of waiting) {
      if (!isOver(one)) return
      waiting.delete(id)
      one.reject(new Error(why))
    }
  }

  return {
    held: () => undefined,
    load(question) {
      const key = `${question.name} ${question.client}`
      const known = running.get(key)
      if (known !== undefined) return known
      const started = answer(question, key)
      running.set(key, started)
      return started
    },
    async explain(question): Promise<Explanation> {
      const { explanation } = (await ask(question, true)).told
      if (explanation === undefined) throw new Error('the broker could not decide')
      return explanation.texts
    },
    // What was never told has a version of its own, other than that which comes with the first answer.
    version: (scope) => (versioned ? (versions.get(scope ?? '') ?? 0) : undefined),
    take(all) {
      for (const told of all) {
        told.ids.forEach((id, index) => {
          const asked = waiting.get(id)
          if (asked === undefined) return
          waiting.delete(id)
          if (told.version !== undefined) noteVersion(asked.scope, told.version)
          asked.resolve({ told, sameForBits: told.sameForBits[index] ?? 0 })
        })
      }
    },
    noteVersion,
    giveUpOld() {
      const oldest = now() - PATIENCE_MS
      giveUpWhile(({ askedAt }) => askedAt < oldest, 'the broker did not answer in time')
    },
    giveUp() {
      giveUpWhile(() => true, 'this process is stopping')
    },
  }
}
