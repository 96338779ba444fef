import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { build, preview } from 'vite'
import { PAGE_HEADERS } from '../../../src/main/security/page-headers.ts'

export interface RendererPage {
  /** The address of the interface with one scripted main process. */
  readonly address: (scenario: string) => string
  readonly close: () => Promise<void>
}

/** Builds the interface with a scripted main process and serves it as the app would. */
export async function serveRenderer(): Promise<RendererPage> {
  const outDir = mkdtempSync(join(tmpdir(), 'sotto-renderer-'))
  await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir,
      emptyOutDir: true,
      target: 'chrome146',
      minify: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 4_000,
      rolldownOptions: { input: resolve(import.meta.dirname, 'page.html') },
    },
  })
  const server = await preview({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'warn',
    build: { outDir },
    // The app's own, so that nothing here works that would fail there.
    preview: { host: '127.0.0.1', port: 0, headers: { ...PAGE_HEADERS } },
  })
  const listening = server.httpServer.address()
  if (listening === null || typeof listening === 'string') throw new TypeError('no port')
  return {
    address: (scenario) => `http://127.0.0.1:${listening.port}/page.html?scenario=${scenario}`,
    close: async () => {
      await server.close()
      rmSync(outDir, { recursive: true })
    },
  }
}
