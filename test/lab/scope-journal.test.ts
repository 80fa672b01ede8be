import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readJournal, startJournal } from '../../src/lab/scope-journal.ts'
import { temporaryFolder } from '../support/lab-cdn.ts'

const entrySchema = z.object({ text: z.string() })

describe('the journal', () => {
  it('is empty where there is none', () => {
    expect(readJournal(join(temporaryFolder(), 'none', 'scopes.jsonl'), entrySchema)).toEqual([])
  })

  it('reads back whatever it was started with and appended, in order', () => {
    const path = join(temporaryFolder(), 'scopes.jsonl')
    const entries = fc.array(fc.string({ unit: 'binary' }).map((text) => ({ text })))
    fc.assert(
      fc.property(entries, entries, (first, appended) => {
        const journal = startJournal(path, first)
        for (const entry of appended) journal.append(entry)
        journal[Symbol.dispose]()

        expect(readJournal(path, entrySchema)).toEqual([...first, ...appended].map(asJson))
      }),
    )
  })

  it('leaves out a last line that a crash cut short, wherever the cut is', () => {
    const path = join(temporaryFolder(), 'scopes.jsonl')
    startJournal(path, [{ text: 'kept' }, { text: 'cut ☂' }])[Symbol.dispose]()
    const whole = readFileSync(path)
    const keptBytes = whole.indexOf('\n') + 1
    for (let length = keptBytes; length < whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length))
      expect(readJournal(path, entrySchema)).toEqual([{ text: 'kept' }])
    }
  })

  it.each(['{"text":7}', 'no json', ''])('names file and line where a complete line is "%s"', (line) => {
    const path = join(temporaryFolder(), 'scopes.jsonl')
    startJournal(path, [{ text: 'a' }])[Symbol.dispose]()
    appendFileSync(path, `${line}\n`)

    expect(() => readJournal(path, entrySchema)).toThrow(`${path}, line 2: not an entry`)
  })

  it('can be read by its owner alone, for it holds tokens', () => {
    const path = join(temporaryFolder(), 'scopes.jsonl')
    startJournal(path, [])[Symbol.dispose]()

    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})

/** Lone surrogates do not survive UTF-8; everything else does. */
function asJson(entry: { readonly text: string }): unknown {
  return JSON.parse(Buffer.from(JSON.stringify(entry)).toString('utf8'))
}
