import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import packageJson from './package.json' with { type: 'json' }
import { licences } from './tools/licences-plugin.ts'

const source = (path: string): string => resolve(import.meta.dirname, 'src', path)
const output = (path: string): string => resolve(import.meta.dirname, 'out', path)

/** What Electron 45 understands. */
const CHROME_TARGET = 'chrome146'
const NODE_TARGET = 'node24'

const NATIVE_MODULES = new Set(['better-sqlite3', 'keytar'])
const BUNDLED = Object.keys(packageJson.dependencies).filter((name) => !NATIVE_MODULES.has(name))

/** A stack trace with readable names is worth more than a few kilobytes. */
const READABLE = { minify: false, sourcemap: false, reportCompressedSize: false } as const

/** The licences of what is bundled ship beside it. */
const LICENSE = { fileName: 'licences.md' }

export default defineConfig({
  // An ES module with all it needs but the native modules, the only packages that are packed (electron-builder.yml).
  main: {
    plugins: [licences(import.meta.dirname)],
    build: {
      ...READABLE,
      target: NODE_TARGET,
      license: LICENSE,
      outDir: output('main'),
      externalizeDeps: { exclude: BUNDLED },
      rolldownOptions: {
        // The relay is a program of its own, for the utility process that runs it.
        input: { index: source('main/index.ts'), relay: source('relay/main.ts') },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  // One CommonJS file: a sandboxed preload script is no module and can load nothing but `electron`.
  preload: {
    build: {
      ...READABLE,
      target: NODE_TARGET,
      outDir: output('preload'),
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: source('preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
  // Files of our own scheme under a strict policy: no inline scripts, styles or fonts.
  renderer: {
    root: source('renderer'),
    plugins: [react()],
    build: {
      minify: true,
      reportCompressedSize: false,
      target: CHROME_TARGET,
      license: LICENSE,
      outDir: output('renderer'),
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: { index: source('renderer/index.html') } },
    },
  },
})
