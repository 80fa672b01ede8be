import type { Command } from 'commander'
import { z } from 'zod'
import type { AddCommand } from './client-command.ts'
import { ageInWords } from './duration.ts'
import { type Cell, renderTable } from './table.ts'
import type { Output } from './terminal.ts'

const EditionAnswer = z.object({
  name: z.string(),
  version: z.string(),
  age_seconds: z.number(),
  entries: z.number(),
  warnings: z.array(z.string()),
})

const GeoAnswer = z.object({
  databases: z.array(EditionAnswer),
  footprint_sources: z.array(
    z.object({
      type: z.string(),
      uri: z.string(),
      providers: z.array(z.string()),
      edition: EditionAnswer.optional(),
      error: z.string().optional(),
    }),
  ),
})
type GeoAnswer = z.infer<typeof GeoAnswer>

/** `geo` */
export function addGeoCommand(program: Command, add: AddCommand): void {
  add(program, {
    usage: 'geo',
    summary: 'The data by which clients are located, and how old they are',
    input: z.object({}),
    run: async (_, run) => {
      const { raw, value } = await run.api.get('/geo', GeoAnswer)
      run.show(raw, () => geoText(value, run.out))
      return undefined
    },
  })
}

export function geoText({ databases, footprint_sources: sources }: GeoAnswer, out: Output): string {
  return renderTable(
    [
      { title: 'SOURCE', wraps: true },
      { title: 'FOR' },
      { title: 'AGE' },
      { title: 'ENTRIES' },
      { title: 'LEFT OUT' },
      { title: 'NOTE', wraps: true },
    ],
    [
      ...databases.map((edition) => [edition.name, 'everybody', ...editionCells(edition), '']),
      ...sources.map(({ type, uri, providers, edition, error }) => [
        `${type} ${uri}`,
        providers.join(', '),
        ...(edition === undefined ? NO_EDITION : editionCells(edition)),
        error ?? '',
      ]),
    ],
    out,
  )
}

const NO_EDITION: readonly Cell[] = [{ text: 'none', format: 'red' }, '', '']

function editionCells({ age_seconds, entries, warnings }: z.infer<typeof EditionAnswer>): readonly Cell[] {
  return [ageInWords(age_seconds * 1_000), String(entries), String(warnings.length)]
}
