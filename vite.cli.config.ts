import { resolve } from 'node:path'
import { defineConfig } from 'vite'

const source = (path: string): string => resolve(import.meta.dirname, 'src', path)

// The `sotto` command and the relay for Node, as ES modules beside their dependencies.
export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    target: 'node20',
    outDir: resolve(import.meta.dirname, 'out/cli'),
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { sotto: source('cli/main.ts'), relay: source('relay/main.ts') },
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})
