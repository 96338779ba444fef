import { defineConfig } from 'vitest/config'

const shared = { testTimeout: 30_000, hookTimeout: 30_000 } as const

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'fast',
          include: ['test/{unit,vectors,property,scenario,integration}/**/*.test.{ts,tsx}'],
        },
      },
      {
        // Hostile input of every kind against a relay in a process of its own; amount by SOTTO_ROUNDS.
        test: {
          ...shared,
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          testTimeout: 60 * 60_000,
          fileParallelism: false,
        },
      },
      {
        // Real processes, killed at random points; rounds by SOTTO_ROUNDS.
        test: {
          ...shared,
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          testTimeout: 30 * 60_000,
          fileParallelism: false,
        },
      },
      {
        // Servers, relays and clients as real processes, broken in turn; rounds by SOTTO_ROUNDS.
        test: {
          ...shared,
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          testTimeout: 30 * 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
