import { describe, expect, it } from 'vitest'
import { keepSession, type OpenedSession } from '../../src/broker/health/kept-session.ts'
import { MoqError } from '../../src/moq/moq-error.ts'
import { until } from '../support/moq-client.ts'

/** Pauses that the test ends one by one, in a time of its own. */
function pausing() {
  const asked: number[] = []
  let go: () => void = () => undefined
  return {
    asked,
    go: () => go(),
    sleep: (ms: number, signal: AbortSignal): Promise<void> => {
      asked.push(ms)
      return new Promise((resolve) => {
        go = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
  }
}

function sessionThatEnds(): OpenedSession & { end(reason: string): void; readonly disposed: () => boolean } {
  let disposed = false
  let end: (reason: string) => void = () => undefined
  const closed = new Promise<string>((resolve) => {
    end = resolve
  })
  return {
    closed,
    end,
    disposed: () => disposed,
    async [Symbol.asyncDispose]() {
      disposed = true
    },
  }
}

describe('a kept session', () => {
  it('is dialed with pauses that double up to a bound, and says why it is not there', async () => {
    const pauses = pausing()
    await using kept = keepSession({
      open: () => Promise.reject(new MoqError('refused', 'the relay refused the token')),
      minPauseMs: 100,
      maxPauseMs: 350,
      now: () => 0,
      random: () => 0.5,
      sleep: pauses.sleep,
    })
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await until(`pause ${attempt}`, () => pauses.asked.length === attempt)
      pauses.go()
    }
    expect(pauses.asked.slice(0, 4)).toEqual([100, 200, 350, 350])
    expect(kept.state()).toEqual({ connected: false, since: 0, reason: 'refused: the relay refused the token' })
  })

  it('varies its pauses, so that many do not dial at once', async () => {
    const asked = await Promise.all(
      [0, 0.999].map(async (random) => {
        const pauses = pausing()
        await using _kept = keepSession({
          open: () => Promise.reject(new Error('no')),
          minPauseMs: 100,
          maxPauseMs: 400,
          now: () => 0,
          random: () => random,
          sleep: pauses.sleep,
        })
        await until('a pause', () => pauses.asked.length === 1)
        return Math.round(pauses.asked[0] ?? 0)
      }),
    )
    expect(asked).toEqual([75, 125])
  })

  it('starts with short pauses anew only after a session that lasted', async () => {
    let time = 0
    const pauses = pausing()
    const sessions = [sessionThatEnds(), sessionThatEnds(), sessionThatEnds()]
    let opened = 0
    await using kept = keepSession({
      open: async () => {
        const session = sessions[opened]
        opened += 1
        if (session === undefined) throw new Error('no more')
        return session
      },
      minPauseMs: 100,
      maxPauseMs: 400,
      now: () => time,
      random: () => 0.5,
      sleep: pauses.sleep,
    })
    for (const [index, lasted] of [0, 10, 400].entries()) {
      await until(`session ${index}`, () => opened === index + 1 && kept.state().connected)
      time += lasted
      sessions[index]?.end('the relay went away')
      await until(`pause ${index}`, () => pauses.asked.length === index + 1)
      pauses.go()
    }
    expect(pauses.asked.slice(0, 3)).toEqual([100, 200, 100])
    expect(kept.state().reason).toBe('the relay went away')
  })

  it('ends the attempt under way and closes the session when it is disposed', async () => {
    const session = sessionThatEnds()
    const kept = keepSession({
      open: async (signal) => {
        signal.addEventListener('abort', () => session.end('closed'), { once: true })
        return session
      },
      minPauseMs: 1,
      maxPauseMs: 1,
      now: () => 0,
      random: () => 0,
      sleep: () => Promise.resolve(),
    })
    await until('it is connected', () => kept.state().connected)
    await kept[Symbol.asyncDispose]()
    expect(session.disposed()).toBe(true)
    expect(kept.state().connected).toBe(false)
  })
})
