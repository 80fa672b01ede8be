import type { CoverageService } from '../../src/broker/what-if/coverage-service.ts'

const ROW = {
  size: { v4Addresses: 256, v6Prefixes48: 0 },
  serving: [{ provider: 'alpha', share: 1 }],
  able: [{ provider: 'alpha', share: 1 }],
  aloneShare: 0.25,
  overlapShare: 0.75,
  gapShare: 0,
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
}
