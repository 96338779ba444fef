import type { Bridge } from '#ipc/contract.ts'

declare global {
  interface Window {
    readonly sotto: Bridge
  }
}

/** Calls the main process. The only ways to it are this, `on` and the hooks beside them. */
export const call: Bridge['call'] = (name, input) => window.sotto.call(name, input)

/** Listens to the main process; returns the function that stops. */
export const on: Bridge['on'] = (name, listener) => window.sotto.on(name, listener)
