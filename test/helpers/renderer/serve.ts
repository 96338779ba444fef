import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { build, preview } from 'vite'

/** The policy the app serves its page with, so that nothing here works that would fail there. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

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
    preview: { host: '127.0.0.1', port: 0, headers: { 'Content-Security-Policy': POLICY } },
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
