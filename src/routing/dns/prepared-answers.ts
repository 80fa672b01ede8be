import type { ScopeAnswer } from './client-answer.ts'
import { TYPE } from './dns-numbers.ts'
import { serviceReply } from './reply.ts'
import { ASKED_NAME, prepareReply, type WireReply } from './wire-reply.ts'
import type { Zone } from './zone.ts'

/** The replies to every type of question that one answer means, each prepared when it is first wanted. */
export interface PreparedAnswer {
  replyTo(type: number): WireReply
}

/** Prepared answers are shared by all clients with the same; beyond so many kinds they are made anew. */
const MAX_KINDS = 4_096

/** Prepares each kind of answer once. The number of bits that decided is no part of it: the caller keeps it. */
export class PreparedAnswers {
  readonly #zone: Zone
  readonly #kinds = new Map<string, PreparedAnswer>()

  constructor(zone: Zone) {
    this.#zone = zone
  }

  prepare(answer: ScopeAnswer, apex: boolean): PreparedAnswer {
    const key = `${apex ? 'apex' : 'name'} ${keyOf(answer)}`
    const known = this.#kinds.get(key)
    if (known !== undefined) return known
    if (this.#kinds.size >= MAX_KINDS) this.#kinds.clear()
    const prepared = prepareKind(answer, apex, this.#zone)
    this.#kinds.set(key, prepared)
    return prepared
  }
}

function keyOf(answer: ScopeAnswer): string {
  if (answer === 'absent') return answer
  switch (answer.kind) {
    case 'nobody':
      return 'nobody'
    case 'alias':
      return `${answer.ttlSeconds} ${answer.host}`
    case 'addresses':
      return `${answer.ttlSeconds} ${answer.addresses.join(',')}`
  }
}

function prepareKind(answer: ScopeAnswer, apex: boolean, zone: Zone): PreparedAnswer {
  // Every type has the reply of one of these.
  const replies: (WireReply | undefined)[] = []
  const types = [TYPE.A, TYPE.AAAA, TYPE.ANY, TYPE.TXT] as const
  return {
    replyTo(type) {
      const kind = type === TYPE.A ? 0 : type === TYPE.AAAA ? 1 : type === TYPE.ANY ? 2 : 3
      const known = replies[kind]
      if (known !== undefined) return known
      const reply = serviceReply(answer, { name: ASKED_NAME, type: types[kind] }, zone, apex)
      const prepared = prepareReply(reply, zone.settings.name)
      replies[kind] = prepared
      return prepared
    },
  }
}
