import { defineConfig } from '@playwright/test'
import base from '../../playwright.config.ts'

/** Takes the pictures of the README from the built app: `npm run pictures`. */
export default defineConfig({
  ...base,
  testDir: import.meta.dirname,
  reporter: 'list',
  globalSetup: '../e2e/harness/build.ts',
})
