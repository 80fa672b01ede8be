import { defineConfig } from 'vitest/config'

const END_TO_END = ['test/e2e/**/*.test.ts', 'test/readme.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default'],
    globalSetup: ['test/support/required-tools.ts'],
    setupFiles: ['test/support/property-runs.ts'],
    restoreMocks: true,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reportsDirectory: 'coverage',
      reporter: ['text-summary', 'html', 'json-summary'],
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // The end-to-end tests start many processes and measure time: they run alone, after these.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          include: ['test/**/*.test.ts'],
          exclude: END_TO_END,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          include: END_TO_END,
          globalSetup: ['test/support/build-once.ts'],
          setupFiles: ['test/support/property-runs.ts', 'test/support/built-program.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
