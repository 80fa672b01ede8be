import { describe, expect, it } from 'vitest'
import {
  countSignals,
  type DrillSignals,
  firstNewAnswer,
  firstObjectOnNewPath,
  type LookupProbe,
  type ReceivedObject,
} from '../../src/broker/drills/drill-signals.ts'

/** `100 a` per probe; no letter: nobody was answered. */
function probes(...texts: readonly string[]): readonly LookupProbe[] {
  return texts.map((text) => {
    const [at, provider] = text.split(' ')
    return provider === undefined ? { at: Number(at) } : { at: Number(at), provider }
  })
}

/** `a 7 100>105`: object 7, published at 100, came out of `a` at 105; another run with `r2:7`. */
function objects(...texts: readonly string[]): readonly ReceivedObject[] {
  return texts.map((text) => {
    const [provider = '', name = '', times = ''] = text.split(' ')
    const [run, sequence] = name.includes(':') ? name.split(':') : ['r1', name]
    const [publishedAt, receivedAt] = times.split('>').map(Number)
    return {
      provider,
      run: run ?? '',
      sequence: Number(sequence),
      publishedAt: publishedAt ?? 0,
      receivedAt: receivedAt ?? 0,
    }
  })
}

const signals: DrillSignals = {
  probes: probes('0 a', '100 a', '200 a', '300', '400 b', '500 b'),
  objects: objects(
    'a 1 90>95',
    'b 1 90>99',
    'a 2 190>195',
    'b 2 190>199',
    'b 3 290>299',
    'b 4 390>399',
    'b 5 490>499',
    'b 7 690>699',
  ),
}
const window = { drilled: 'a', injectedAt: 250, until: 700, graceMs: 0 }

describe('what a drill measures', () => {
  it('counts objects and look-ups as a viewer meets them who follows the answers', () => {
    expect(countSignals(signals, window)).toMatchObject({
      objectsBefore: 2,
      // Objects 5 and 7, and 4, the newest that b had when it was first answered.
      objectsDuring: 3,
      probesBefore: 3,
      probesDuring: 3,
    })
  })

  it('takes the longest gap from the last object before injection to the end', () => {
    expect(countSignals(signals, window).longestGapMs).toBe(499 - 195)
    expect(countSignals(signals, { ...window, until: 2_000 }).longestGapMs).toBe(2_000 - 699)
    const silent = { probes: signals.probes, objects: [] }
    expect(countSignals(silent, window).longestGapMs).toBe(700 - 250)
  })

  it('counts as lost what came out before its provider was answered, and what is missing between two', () => {
    // Object 3 came out while the dead one was answered, object 6 nowhere.
    expect(countSignals(signals, window).objectsLost).toBe(2)
    const elsewhere = { ...signals, objects: [...signals.objects, ...objects('a 6 590>599')] }
    expect(countSignals(elsewhere, window).objectsLost).toBe(2)
    const late = { ...signals, objects: [...signals.objects, ...objects('b 6 590>1500')] }
    expect(countSignals(late, window).objectsLost).toBe(1)
  })

  it('adds up: what was published is received or lost, and nothing is received twice', () => {
    const drained = {
      probes: probes('0 a', '260 b', '500 a'),
      objects: objects('a 3 252>255', 'b 3 252>258', 'a 4 350>355', 'b 4 350>356', 'b 5 450>456', 'a 5 450>457'),
    }
    expect(countSignals(drained, window)).toMatchObject({ objectsDuring: 3, objectsLost: 0 })
    const dead = { probes: probes('0 a', '460 b'), objects: objects('b 3 260>266', 'b 4 350>356', 'b 5 450>456') }
    expect(countSignals(dead, window)).toMatchObject({ objectsDuring: 1, objectsLost: 2 })
  })

  it('does not count what the former publisher still publishes beside the new one', () => {
    const moved = {
      probes: probes('0 a', '260 b'),
      objects: objects('b 50 300>301', 'b r2:0 400>401', 'a 51 410>411', 'b r2:1 500>501'),
    }
    expect(countSignals(moved, window)).toMatchObject({ objectsDuring: 3, objectsLost: 0 })
  })

  it('counts every run of the publisher for itself, so that a new run is no gap', () => {
    const moved = {
      probes: probes('0 a', '260 b'),
      objects: objects('b 50 300>301', 'b r2:0 400>401', 'b r2:1 500>501'),
    }
    expect(countSignals(moved, window).objectsLost).toBe(0)
  })

  it('does not count what was published so late that it may be under way', () => {
    const under = { ...signals, objects: [...signals.objects, ...objects('c 9 695>698')] }
    expect(countSignals(under, window).objectsLost).toBe(4)
    expect(countSignals(under, { ...window, graceMs: 6 }).objectsLost).toBe(2)
  })

  it('has only a before when nothing was injected', () => {
    expect(countSignals(signals, { drilled: 'a', until: 450, graceMs: 0 })).toEqual({
      objectsBefore: 2,
      objectsDuring: 0,
      objectsLost: 0,
      longestGapMs: 0,
      probesBefore: 5,
      probesDuring: 0,
    })
  })

  it('takes for the first new answer one after injection that names another provider', () => {
    expect(firstNewAnswer(signals, 'a', 250)).toEqual({ at: 400, provider: 'b' })
    expect(firstNewAnswer({ ...signals, probes: probes('0 b', '300 a', '400') }, 'a', 250)).toBeUndefined()
  })

  it('takes for the first object on the new path one published after injection that came out of whom the lookup then answered', () => {
    expect(firstObjectOnNewPath(signals, 'a', 250)).toMatchObject({ provider: 'b', sequence: 5 })
    const cached = { probes: probes('0 a', '260 b'), objects: objects('b 2 190>270', 'b 3 290>299') }
    expect(firstObjectOnNewPath(cached, 'a', 250)).toMatchObject({ sequence: 3 })
    const unanswered = { probes: probes('0 a', '260 c'), objects: objects('b 3 290>299') }
    expect(firstObjectOnNewPath(unanswered, 'a', 250)).toBeUndefined()
  })
})
