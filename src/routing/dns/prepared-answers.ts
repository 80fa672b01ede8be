import type { Address } from '../../fci/prefix.ts'
import { answerKey, type ClientAnswer, type DrawnAnswer, drawAnswer } from './client-answer.ts'
import { TYPE } from './dns-numbers.ts'
import { serviceReply } from './reply.ts'
import { ASKED_NAME, prepareReply, type WireReply } from './wire-reply.ts'
import type { Zone } from './zone.ts'

/** The replies to every type of question that one answer means, each prepared when it is first wanted. */
export interface PreparedAnswer {
  readonly kind: 'answer'
  replyTo(type: number): WireReply
}

/** Several of them, among which the client's network decides. */
export interface PreparedDraw {
  readonly kind: 'draw'
  answerFor(client: Address): PreparedAnswer
}

/** Prepared answers are shared by all clients with the same; beyond so many kinds they are made anew. */
const MAX_KINDS = 4_096

/** Prepares each kind of answer once. The number of bits that decided is no part of it: the caller keeps it. */
export class PreparedAnswers {
  readonly #zone: Zone
  readonly #answers = new Map<string, PreparedAnswer>()
  readonly #draws = new Map<string, PreparedDraw>()

  constructor(zone: Zone) {
    this.#zone = zone
  }

  prepare(answer: ClientAnswer | 'absent', apex: boolean): PreparedAnswer {
    return obtain(this.#answers, keyOf(answer, apex), () => prepareKind(answer, apex, this.#zone))
  }

  prepareDraw(answer: DrawnAnswer, apex: boolean): PreparedDraw {
    return obtain(this.#draws, keyOf(answer, apex), () => ({
      kind: 'draw',
      answerFor: (client) => {
        const target = drawAnswer(answer.among, client)
        return this.prepare(target === undefined ? NOBODY : { ...target, sameForBits: 0 }, apex)
      },
    }))
  }
}

const NOBODY: ClientAnswer = { kind: 'nobody', sameForBits: 0 }

function keyOf(answer: ClientAnswer | DrawnAnswer | 'absent', apex: boolean): string {
  return `${apex ? 'apex' : 'name'} ${answerKey(answer)}`
}

function obtain<Value>(kinds: Map<string, Value>, key: string, make: () => Value): Value {
  const known = kinds.get(key)
  if (known !== undefined) return known
  if (kinds.size >= MAX_KINDS) kinds.clear()
  const made = make()
  kinds.set(key, made)
  return made
}

function prepareKind(answer: ClientAnswer | 'absent', apex: boolean, zone: Zone): PreparedAnswer {
  // Every type has the reply of one of these.
  const replies: (WireReply | undefined)[] = []
  const types = [TYPE.A, TYPE.AAAA, TYPE.ANY, TYPE.TXT] as const
  return {
    kind: 'answer',
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
