import { columnsOf, printable, wrapText } from './printable-text.ts'
import type { Format, Output } from './terminal.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Long prose: wrapped where the table is wider than the terminal. Everything else stays whole, to be copied. */
  readonly wraps?: true
}

/** Text, and how it looks. */
export type Cell = string | { readonly text: string; readonly format: Format }

const GAP = '  '
const MIN_PROSE = 16

/**
 * Lines of a table with a head, without the columns that no row fills. Rows have one cell per column; an empty text
 * is an empty cell.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  output: Pick<Output, 'width' | 'paint'>,
  { indent = '' }: { readonly indent?: string } = {},
): string {
  const used = columns.map((_, index) => index).filter((index) => rows.some((row) => textOf(row[index]) !== ''))
  const shown = used.map((index) => columns[index]).filter((column) => column !== undefined)
  const body = rows.map((row) => used.map((index) => ({ text: textOf(row[index]), format: formatOf(row[index]) })))
  const natural = shown.map((column, index) =>
    Math.max(columnsOf(column.title), ...body.map((row) => columnsOf(row[index]?.text ?? ''))),
  )
  const widths = fit(shown, natural, output.width - indent.length)
  const line = (cells: readonly string[], paints: readonly ((text: string) => string)[]): string => {
    const padded = cells.map((cell, index) => {
      const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - columnsOf(cell)))
      const painted = paints[index]?.(cell) ?? cell
      return shown[index]?.align === 'right' ? space + painted : painted + space
    })
    return `${indent}${padded.join(GAP)}`.trimEnd()
  }
  const dim = (text: string): string => (text === '' ? text : output.paint('dim', text))
  const head = line(
    shown.map(({ title }) => title),
    shown.map(() => dim),
  )
  const lines = body.flatMap((row) => {
    const wrapped = row.map((cell, index) => wrapText(cell.text, widths[index] ?? 0))
    const height = Math.max(...wrapped.map((cell) => cell.length))
    const paints = row.map(({ format }) => (text: string) => {
      return format === undefined || text === '' ? text : output.paint(format, text)
    })
    return Array.from({ length: height }, (_, at) =>
      line(
        wrapped.map((cell) => cell[at] ?? ''),
        paints,
      ),
    )
  })
  return `${[head, ...lines].join('\n')}\n`
}

/** `Label   value` lines, with the labels in one column; an absent value has no line. */
export function renderFacts(
  facts: readonly (readonly [label: string, value: string | undefined])[],
  output: Pick<Output, 'width' | 'paint'>,
  { indent = '' }: { readonly indent?: string } = {},
): string {
  const given = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined && fact[1] !== '')
  const labelWidth = Math.max(0, ...given.map(([label]) => columnsOf(label)))
  const room = Math.max(MIN_PROSE, output.width - indent.length - labelWidth - GAP.length)
  return given
    .flatMap(([label, value]) =>
      wrapText(printable(value), room).map((part, at) => {
        const title = at === 0 ? output.paint('dim', label) + ' '.repeat(labelWidth - columnsOf(label)) : ''
        return `${indent}${at === 0 ? title : ' '.repeat(labelWidth)}${GAP}${part}\n`
      }),
    )
    .join('')
}

/** The prose columns give up what is too much, the widest first. */
function fit(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural]
  let excess = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - width
  while (excess > 0) {
    let widest = -1
    columns.forEach((column, index) => {
      const size = widths[index] ?? 0
      if (column.wraps === true && size > MIN_PROSE && size > (widths[widest] ?? 0)) widest = index
    })
    if (widest < 0) return widths
    widths[widest] = (widths[widest] ?? 0) - 1
    excess -= 1
  }
  return widths
}

function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return ''
  return printable(typeof cell === 'string' ? cell : cell.text)
}

function formatOf(cell: Cell | undefined): Format | undefined {
  return cell === undefined || typeof cell === 'string' ? undefined : cell.format
}
