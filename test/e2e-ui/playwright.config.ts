import { defineConfig } from '@playwright/test'

/** The interface by itself, with a scripted main process, in Chromium: `playwright test -c test/e2e-ui`. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results-ui',
  workers: 1,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  forbidOnly: Boolean(process.env['CI']),
  reporter: [['list'], ['json', { outputFile: '../../reports/ui.json' }]],
})
