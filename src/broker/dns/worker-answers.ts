import type { AnswerSource } from '../../routing/dns/answer-source.ts'
import type { Ask, Told, ToWorker } from './worker-messages.ts'

/** Answers what workers ask, and tells them when it is no longer right. */
export interface WorkerAnswers {
  /** What is known at once is told together, the rest one by one. Never rejects. */
  answer(asks: readonly Ask[], tell: (message: ToWorker) => void): void
  /** For every scope whose version has changed since it was last told. */
  changes(): readonly ToWorker[]
}

const MAX_FOLLOWED = 65_536

export function createWorkerAnswers(source: AnswerSource): WorkerAnswers {
  const followed = new Map<string | undefined, string | number>()

  /** To be called before the answer is made: an answer must not pass for newer than it is. */
  function versionOf(scope: string | undefined): Pick<Told, 'version'> {
    const version = source.version(scope)
    if (version === undefined) return {}
    if (followed.size >= MAX_FOLLOWED) followed.clear()
    followed.set(scope, version)
    return { version }
  }

  function atOnce({ id, question, explain }: Ask): Told | undefined {
    if (explain) return undefined
    const version = versionOf(question.scope)
    const answer = source.held(question)
    return answer === undefined ? undefined : { id, answer: copyOf(answer), ...version }
  }

  async function later({ id, question, explain }: Ask): Promise<Told> {
    const version = versionOf(question.scope)
    try {
      if (!explain) return { id, answer: copyOf(await source.load(question)), ...version }
      const texts = await source.explain(question)
      return { id, explanation: texts === undefined ? {} : { texts: [...texts] } }
    } catch {
      return { id }
    }
  }

  return {
    answer(asks, tell) {
      const told: Told[] = []
      for (const ask of asks) {
        const known = atOnce(ask)
        if (known !== undefined) told.push(known)
        // The worker waits for it, with a deadline of its own.
        else void later(ask).then((one) => tell({ kind: 'told', told: [one] }))
      }
      if (told.length > 0) tell({ kind: 'told', told })
    },
    changes() {
      const messages: ToWorker[] = []
      for (const [scope, told] of followed) {
        const version = source.version(scope)
        if (version === told) continue
        if (version === undefined) followed.delete(scope)
        else followed.set(scope, version)
        messages.push({ kind: 'version', version: version ?? -1, ...(scope === undefined ? {} : { scope }) })
      }
      return messages
    },
  }
}

function copyOf(answer: NonNullable<ReturnType<AnswerSource['held']>>): NonNullable<Told['answer']> {
  return answer === 'absent' || answer.kind !== 'addresses' ? answer : { ...answer, addresses: [...answer.addresses] }
}
