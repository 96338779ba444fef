import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/{unit,vectors,property,scenario}/**/*.test.{ts,tsx}'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
})
