import type { AnswerSource } from '../../routing/dns/answer-source.ts'
import { answerKey, type ScopeAnswer, type TargetAnswer } from '../../routing/dns/client-answer.ts'
import type { Asks, Told, ToWorker, WireTarget } from './worker-messages.ts'

/** Answers what workers ask, and tells them when it is no longer right. */
export interface WorkerAnswers {
  /** What is known at once is told together, the rest one by one. Never rejects. */
  answer(asks: readonly Asks[], tell: (message: ToWorker) => void): void
  /** For every scope whose version has changed since it was last told. */
  changes(): readonly ToWorker[]
}

interface OpenTold extends Told {
  readonly ids: number[]
  readonly sameForBits: number[]
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

  async function later({ name, scope, explain }: Asks, id: number, client: string): Promise<Told> {
    const question = { name, scope, client }
    const version = versionOf(scope)
    try {
      if (!explain) {
        const answer = await source.load(question)
        return { ids: [id], sameForBits: [bitsOf(answer)], answer: toWire(answer), ...version }
      }
      const texts = await source.explain(question)
      return { ids: [id], sameForBits: [], explanation: texts === undefined ? {} : { texts: [...texts] } }
    } catch {
      return { ids: [id], sameForBits: [] }
    }
  }

  function answerGroup(asks: Asks, tell: (message: ToWorker) => void): readonly Told[] {
    const { name, scope, explain } = asks
    const version = versionOf(scope)
    const told = new Map<string, OpenTold>()
    asks.ids.forEach((id, index) => {
      const client = asks.clients[index] ?? ''
      const answer = explain ? undefined : source.held({ name, scope, client })
      if (answer === undefined) {
        // The worker waits for it, with a deadline of its own.
        void later(asks, id, client).then((one) => tell({ kind: 'told', told: [one] }))
        return
      }
      const key = answerKey(answer)
      const group = told.get(key) ?? { ids: [], sameForBits: [], answer: toWire(answer), ...version }
      group.ids.push(id)
      group.sameForBits.push(bitsOf(answer))
      told.set(key, group)
    })
    return [...told.values()]
  }

  return {
    answer(asks, tell) {
      const told = asks.flatMap((group) => answerGroup(group, tell))
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

function bitsOf(answer: ScopeAnswer): number {
  return answer === 'absent' ? 0 : answer.sameForBits
}

function toWire(answer: ScopeAnswer): NonNullable<Told['answer']> {
  if (answer === 'absent') return { kind: 'absent' }
  switch (answer.kind) {
    case 'nobody':
      return { kind: 'nobody' }
    case 'drawn':
      return {
        kind: 'drawn',
        among: answer.among.map(({ target, ...one }) => ({ ...one, target: targetToWire(target) })),
      }
    case 'alias':
    case 'addresses':
      return targetToWire(answer)
  }
}

function targetToWire(target: TargetAnswer): WireTarget {
  switch (target.kind) {
    case 'alias':
      return { kind: 'alias', host: target.host, ttlSeconds: target.ttlSeconds }
    case 'addresses':
      return { kind: 'addresses', addresses: [...target.addresses], ttlSeconds: target.ttlSeconds }
  }
}
