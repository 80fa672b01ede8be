import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf } from '../../src/broker/cli/printable-text.ts'
import { renderFacts, renderTable } from '../../src/broker/cli/table.ts'
import { keepOutput } from '../support/cli-run.ts'

const COLUMNS = [{ title: 'CDN' }, { title: 'MS', align: 'right' }, { title: 'NOTE', wraps: true }] as const

describe('a table', () => {
  it('lines its columns up and pads no line at its end', () => {
    const text = renderTable(
      COLUMNS,
      [
        ['cdn-a', '4', 'fine'],
        ['b', '1200', 'slow'],
      ],
      keepOutput(),
    )
    expect(text).toBe('CDN      MS  NOTE\ncdn-a     4  fine\nb      1200  slow\n')
  })

  it('leaves out columns that no row fills', () => {
    expect(renderTable(COLUMNS, [['cdn-a', '', 'fine']], keepOutput())).toBe('CDN    NOTE\ncdn-a  fine\n')
  })

  it('wraps prose below itself where the terminal is narrow, and keeps everything else whole', () => {
    const text = renderTable(
      COLUMNS,
      [['cdn-a', '4', 'it did not answer within two seconds']],
      keepOutput({ width: 30 }),
    )
    expect(text).toBe('CDN    MS  NOTE\ncdn-a   4  it did not answer\n           within two seconds\n')
  })

  it('lines up wide characters', () => {
    const text = renderTable(
      [{ title: 'NAME' }, { title: 'X' }],
      [
        ['東京', '1'],
        ['ab', '2'],
      ],
      keepOutput(),
    )
    expect(text).toBe('NAME  X\n東京  1\nab    2\n')
  })

  it('formats cells without counting the formats', () => {
    const cells = [
      [{ text: 'up', format: 'green' }, '1'],
      ['down', '2'],
    ] as const
    const text = renderTable([{ title: 'S' }, { title: 'N' }], cells, keepOutput({ width: 80, formats: true }))
    expect(text).toBe('<dim>S</>     <dim>N</>\n<green>up</>    1\ndown  2\n')
  })

  it('lets no cell forge a line or a colour', () => {
    const text = renderTable([{ title: 'A' }], [['x\n\u001b[2Jforged']], keepOutput())
    expect(text).toBe('A\nx forged\n')
  })

  it('fits the terminal whenever its prose can give way', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '東'), maxLength: 200 })
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 30, max: 120 }),
        (notes, width) => {
          const rows = notes.map((note) => ['cdn-a', '4', note])
          const lines = renderTable(COLUMNS, rows, keepOutput({ width })).split('\n')
          expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width)
        },
      ),
    )
  })
})

describe('facts', () => {
  it('stand below each other, without those that are absent', () => {
    const facts = [
      ['id', 'x1'],
      ['origin', undefined],
      ['revision', '7'],
    ] as const
    expect(renderFacts(facts, keepOutput(), { indent: '  ' })).toBe('  id        x1\n  revision  7\n')
  })

  it('go on below themselves where they are long', () => {
    expect(renderFacts([['because', 'it is too slow for us']], keepOutput({ width: 27 }))).toBe(
      'because  it is too slow for\n         us\n',
    )
  })
})
