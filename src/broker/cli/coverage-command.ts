import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { z } from 'zod'
import { CliFailure } from './cli-failure.ts'
import type { AddCommand } from './client-command.ts'
import { CoverageMapAnswer, coverageMapText } from './coverage-map-text.ts'
import { CoverageAnswer, coverageText, rowOfAnswer, stretchesText } from './coverage-text.ts'
import { EXIT } from './exit-codes.ts'

const DEFAULT_TOP = 30
/** The most that the API gives. */
const ALL_ROWS = 10_000

/** `coverage` */
export function addCoverageCommand(program: Command, add: AddCommand): void {
  add(program, {
    usage: 'coverage [prefix]',
    summary: 'Who serves which part of the address space, who could, and where one CDN is alone',
    options: [
      ['--by <key>', 'country or asn (default: country)'],
      ['--top <n>', `so many rows, the largest first (default: ${DEFAULT_TOP})`],
      ['--alone', 'only where one CDN alone could serve, or nobody, for some of it'],
      ['--svg <file>', 'draw the countries on a world map'],
      ['--map', 'the compiled map itself: its age and size, what it is made of, and why a newer one was refused'],
    ],
    input: z
      .object({
        prefix: z.string().optional(),
        by: z.enum(['country', 'asn'], { error: 'is country or asn' }).optional(),
        top: z.coerce.number().int().min(1).max(ALL_ROWS).default(DEFAULT_TOP),
        alone: z.boolean().default(false),
        svg: z.string().optional(),
        map: z.boolean().default(false),
      })
      .refine(({ prefix, by, svg, alone, map }) => !map || ((prefix ?? by ?? svg) === undefined && !alone), {
        message: 'goes not together with a prefix, --by, --alone and --svg',
        path: ['map'],
      })
      .refine(({ prefix, by, svg, alone }) => prefix === undefined || ((by ?? svg) === undefined && !alone), {
        message: 'a prefix goes not together with --by, --alone and --svg',
        path: ['prefix'],
      })
      .refine(({ by, svg }) => svg === undefined || by !== 'asn', { message: 'draws countries only', path: ['svg'] }),
    run: async ({ prefix, by = 'country', top, alone, svg, map }, run) => {
      if (map) {
        const { raw, value } = await run.api.get('/coverage/map', CoverageMapAnswer)
        run.show(raw, () => coverageMapText(value, run.out))
        return undefined
      }
      if (prefix !== undefined) {
        const { raw, value } = await run.api.get('/coverage', CoverageAnswer, {
          prefix,
          limit: String(Math.min(top, 1000)),
        })
        run.show(raw, () => stretchesText(value, run.out))
        return undefined
      }
      const { raw, value } = await run.api.get('/coverage', CoverageAnswer, { by, limit: String(ALL_ROWS) })
      if (svg !== undefined) await writeMap(svg, value)
      run.show(raw, () => coverageText(value, run.out, { by, top, alone }))
      if (svg !== undefined) run.err.write(`Wrote ${svg}\n`)
      return undefined
    },
  })
}

/** Loads what draws only when it is to draw. */
async function writeMap(file: string, { map, providers = [], rows = [] }: CoverageAnswer): Promise<void> {
  const { renderCoverageMap } = await import('../what-if/coverage-svg.ts')
  const { loadWorldShapes } = await import('../what-if/world-shapes.ts')
  const picture = renderCoverageMap(rows.map(rowOfAnswer), loadWorldShapes(), {
    title: `Who serves whom, by share of each country's addresses (map ${map})`,
    providers,
  })
  try {
    writeFileSync(file, picture)
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new CliFailure(`${file} cannot be written (${reason})`, { exitCode: EXIT.usage, cause })
  }
}
