import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { formatAddress, formatPrefix, type Prefix, parsePrefix } from '../../../fci/prefix.ts'
import type { CoverageReport, PrefixCoverage } from '../../what-if/coverage-service.ts'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { ProblemError } from '../problem.ts'
import { COMMON_PROBLEMS, jsonAnswer } from '../wire-fields.ts'
import { CoverageAnswerSchema, CoverageQuerySchema, type CoverageWire, MAX_STRETCHES } from './coverage-schemas.ts'

type Deps = Pick<HttpDeps, 'coverage' | 'keys'>

const DEFAULT_ROWS = 1000

/** `/coverage`: who serves which part of the address space, who could, and where one provider is alone. */
export function addCoverageRoutes(app: OpenAPIHono<AppEnv>, { coverage, keys }: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/coverage',
    operationId: 'report-coverage',
    tags: ['Routing'],
    summary: 'Who serves whom, by country, AS number or prefix',
    description:
      'Role: reader. Read off the compiled map, for clients without a scope, as of now. ' +
      '`503 not-ready` until the first map has been compiled.',
    middleware: [requireRole(keys, 'reader')],
    request: { query: CoverageQuerySchema },
    responses: { 200: jsonAnswer('The report.', CoverageAnswerSchema), ...COMMON_PROBLEMS },
  })
  app.openapi(route, async (c) => {
    const { by, prefix, limit } = c.req.valid('query')
    if (prefix === undefined) {
      const report = await coverage.report(by ?? 'country', limit ?? DEFAULT_ROWS)
      return c.json(reportToWire(report ?? notReady()), 200)
    }
    if (by !== undefined) refuse('by', 'goes not together with prefix')
    const stretches = coverage.prefix(readPrefix(prefix), Math.min(limit ?? MAX_STRETCHES, MAX_STRETCHES))
    return c.json(stretchesToWire(stretches ?? notReady()), 200)
  })
}

function readPrefix(text: string): Prefix {
  return parsePrefix(text) ?? refuse('prefix', 'is not a prefix such as 192.0.2.0/24 or 2001:db8::/32')
}

function refuse(parameter: string, detail: string): never {
  throw new ProblemError({
    kind: 'invalid-request',
    detail: `A parameter is not valid at ${parameter}: ${detail}.`,
    errors: [{ parameter, detail }],
  })
}

function notReady(): never {
  throw new ProblemError({
    kind: 'not-ready',
    detail: 'No coverage map has been compiled yet; try again in a second.',
    headers: { 'Retry-After': '1' },
  })
}

function reportToWire({ map, providers, rows, rowsLeftOut }: CoverageReport): CoverageWire {
  return {
    map,
    providers,
    rows: rows.map((row) => ({
      key: row.key,
      v4_addresses: row.size.v4Addresses,
      v6_prefixes_48: row.size.v6Prefixes48,
      serving: row.serving,
      able: row.able,
      alone_share: row.aloneShare,
      overlap_share: row.overlapShare,
      gap_share: row.gapShare,
    })),
    ...(rowsLeftOut > 0 ? { rows_left_out: rowsLeftOut } : {}),
  }
}

function stretchesToWire({ map, stretches, continuesAt }: PrefixCoverage): CoverageWire {
  return {
    map,
    stretches: stretches.map(({ prefix, serving, able }) => ({ prefix: formatPrefix(prefix), serving, able })),
    ...(continuesAt === undefined ? {} : { continues_at: formatAddress(continuesAt) }),
  }
}
