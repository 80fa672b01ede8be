import type { CoverageState } from '../../src/broker/coverage/coverage-state.ts'
import type { CoverageService } from '../../src/broker/what-if/coverage-service.ts'

const ROW = {
  size: { v4Addresses: 256, v6Prefixes48: 0 },
  serving: [{ provider: 'alpha', share: 1 }],
  able: [{ provider: 'alpha', share: 1 }],
  aloneShare: 0.25,
  overlapShare: 0.75,
  gapShare: 0,
}

const AT = Date.UTC(2026, 10, 20, 23, 59)

const FAMILY = { ranges: 3, classes: 2, bytes: 1000 }

/** A map that is older than one of two advertisements, and whose successor failed. */
export const FAKE_STATE: CoverageState = {
  standing: 'refused',
  compiling: true,
  refused: { since: AT, because: 'out of memory' },
  map: {
    version: 'map-1',
    madeAt: AT,
    seconds: 1.5,
    kept: true,
    classes: 3,
    bytes: 2100,
    v4: FAMILY,
    v6: { ...FAMILY, bytes: 1048576 },
  },
  columns: [
    {
      provider: 'alpha',
      standing: 'behind',
      column: { version: 'v1', since: AT - 60_000 },
      advertisement: { version: 'v2', fetchedAt: AT, confirmedAt: AT + 30_000 },
    },
    { provider: 'beta', standing: 'skipped', because: 'too many outcomes' },
  ],
  policies: [{ revision: 'r3', since: AT }],
  geo: [{ name: 'geo.csv', version: 'v1', builtAt: AT, entries: 3, warnings: [] }],
  geoRefused: { since: AT, because: 'geo.csv has lost 80 % of its entries' },
}

/** Two rows, the first of which is called by what was asked for; for prefixes the prefix itself. */
export const FAKE_COVERAGE: CoverageService = {
  report: async (by, limit) => ({
    map: 'map-1',
    providers: ['alpha', 'beta'],
    rows: [by, '-'].slice(0, limit).map((key) => ({ ...ROW, key })),
    rowsLeftOut: Math.max(0, 2 - limit),
  }),
  prefix: (prefix) => ({
    map: 'map-1',
    stretches: [{ prefix, serving: ROW.serving, able: ['alpha'] }],
    continuesAt: { version: 4, value: 0xc0000300n },
  }),
  state: () => FAKE_STATE,
}
