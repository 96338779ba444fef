import { registerHooks } from 'node:module'

const STANDIN = new URL('electron.ts', import.meta.url).href

/** Resolves `electron` to the stand-in, for `require` and `import` alike. */
export function hookElectron(): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      /^electron(\/(main|common))?$/.test(specifier)
        ? { url: STANDIN, format: 'module-typescript', shortCircuit: true }
        : next(specifier, context),
  })
}
