import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { footprintOf } from '../../../src/fci/footprint-algebra.ts'
import { matchFootprint } from '../../../src/fci/match-footprint.ts'
import { compileExpression } from '../../../src/fci/mel/evaluate-expression.ts'
import type { Expression } from '../../../src/fci/mel/expression.ts'
import { MelError, positionIn } from '../../../src/fci/mel/mel-error.ts'
import { printExpression } from '../../../src/fci/mel/print-expression.ts'
import { readExpression } from '../../../src/fci/mel/read-expression.ts'
import { reduceExpression } from '../../../src/fci/mel/reduce-expression.ts'
import { buildFootprintIndex } from '../../../src/routing/footprint-index.ts'
import { closeClient } from '../../support/fci-arbitraries.ts'
import { anyAlgebraicExpression, anyBrokenExpression, anyExpression } from '../../support/mel-arbitraries.ts'

const LENIENT = { lenient: true, qualifiersOf: () => 1 }
const STRICT = { lenient: false, qualifiersOf: () => 1 }

function withoutPlaces(expression: Expression): unknown {
  return JSON.parse(JSON.stringify(expression, (key, value: unknown) => (key === 'at' ? undefined : value)))
}

describe('an expression', () => {
  test('that is printed and strictly read back is the same, and prints the same', () => {
    fc.assert(
      fc.property(anyExpression, (text) => {
        const { expression } = readExpression(text, LENIENT)
        const printed = printExpression(expression)
        const again = readExpression(printed, STRICT)
        expect(withoutPlaces(again.expression)).toEqual(withoutPlaces(expression))
        expect(printExpression(again.expression)).toBe(printed)
        expect(again.notes.filter(({ code }) => code !== 'expr-never')).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  test('admits in the algebra exactly the clients for whom it evaluates to true, whatever is unknown of them', () => {
    fc.assert(
      fc.property(anyExpression, closeClient, fc.constantFrom(1, 2, 256), (text, client, maxConjunctions) => {
        const { expression } = readExpression(text, STRICT)
        const expected = compileExpression(expression)(client) === true
        const footprint = footprintOf(reduceExpression(expression, maxConjunctions))
        expect(matchFootprint(footprint, client) !== undefined).toBe(expected)
        expect(buildFootprintIndex(footprint).match(client)).toEqual(matchFootprint(footprint, client))
      }),
      { numRuns: 3000 },
    )
  })

  test('and its negation never both admit a client', () => {
    fc.assert(
      fc.property(anyExpression, closeClient, (text, client) => {
        const admits = (condition: string): boolean =>
          matchFootprint(footprintOf(reduceExpression(readExpression(condition, STRICT).expression, 256)), client) !==
          undefined
        expect(admits(text) && admits(`not ( ${text} )`)).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  test('admits nobody more when a fact becomes unknown', () => {
    fc.assert(
      fc.property(
        anyExpression,
        closeClient,
        fc.constantFrom('asn' as const, 'country' as const),
        (text, client, fact) => {
          const evaluate = compileExpression(readExpression(text, STRICT).expression)
          const { [fact]: _known, ...less } = client
          if (evaluate(less) !== undefined) expect(evaluate(client)).toBe(evaluate(less))
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('of registered facts alone leaves nothing to evaluate', () => {
    fc.assert(
      fc.property(anyAlgebraicExpression, (text) => {
        const footprint = footprintOf(reduceExpression(readExpression(text, STRICT).expression, 4096))
        const rests = footprint.kind === 'some' ? footprint.anyOf.flatMap(({ expressions = [] }) => expressions) : []
        expect(rests).toEqual([])
      }),
    )
  })
})

describe('whatever text comes', () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((data) => Buffer.from(data).toString('latin1'))
  const grammar = fc
    .array(
      fc.constantFrom(
        ...'( ) [ ] , ? : . ! != == = < <= + - * / % ~ ~= *= %*= !*= ipmatch !ipmatch and or not in nil true false'.split(
          ' ',
        ),
        ...'ep.asn $ep.asn sep.asn ep.country ep.ipv4addr 1 1234:1 1.5 "us" "10.1.1/24" upper upper( globmatch AND'.split(
          ' ',
        ),
      ),
      { maxLength: 40 },
    )
    .map((words) => words.join(' '))

  test('it is an expression or a MelError with a place in the text, and costs little time', () => {
    const started = performance.now()
    let runs = 0
    fc.assert(
      fc.property(fc.oneof(bytes, grammar, anyBrokenExpression, fc.string()), fc.boolean(), (text, lenient) => {
        runs++
        try {
          const { expression } = readExpression(text, { lenient, qualifiersOf: () => 1 })
          const printed = printExpression(expression)
          expect(printExpression(readExpression(printed, STRICT).expression)).toBe(printed)
          reduceExpression(expression, 256)
        } catch (error) {
          if (!(error instanceof MelError)) throw error
          expect(error.at).toBeGreaterThanOrEqual(0)
          expect(error.at).toBeLessThanOrEqual(text.length)
          const { line, column } = positionIn(text, error.at)
          expect(line).toBeLessThanOrEqual(text.split('\n').length)
          expect(column).toBeGreaterThanOrEqual(1)
        }
      }),
      { numRuns: (fc.readConfigureGlobal().numRuns ?? 100) * 400 },
    )
    expect((performance.now() - started) / runs).toBeLessThan(20)
  }, 300_000)
})
