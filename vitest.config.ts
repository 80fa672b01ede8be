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
          include: ['test/**/*.test.ts'],
          exclude: END_TO_END,
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
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
