import type { Bridge } from '#ipc/contract.ts'
import { CALL_CHANNEL, CALL_NAMES, EVENT_CHANNEL, EVENT_NAMES } from '#ipc/names.ts'

/** What the bridge uses of Electron's `ipcRenderer`. */
export interface MainProcess {
  invoke(channel: string, ...values: unknown[]): Promise<unknown>
  on(channel: string, listener: (event: unknown, ...values: unknown[]) => void): unknown
}

type Listener = (payload: unknown) => void

/**
 * Builds the one object that the page gets. Only names of the contract pass, on its two channels, and listeners
 * get the payload without Electron's event. A call always resolves to an outcome; it never rejects.
 */
export function makeBridge(main: MainProcess): Bridge {
  const listeners = new Map<string, Set<Listener>>()
  main.on(EVENT_CHANNEL, (_event, name, payload) => {
    if (typeof name !== 'string') return
    for (const listener of listeners.get(name) ?? []) listener(payload)
  })

  const call = async (name: string, input: unknown): Promise<unknown> => {
    if (!CALL_NAMES.has(name)) return refused('INVALID_INPUT')
    let outcome: Promise<unknown>
    try {
      outcome = main.invoke(CALL_CHANNEL, name, input)
    } catch {
      // The input holds something that cannot be copied to another process.
      return refused('INVALID_INPUT')
    }
    return outcome.catch(() => refused('INTERNAL'))
  }

  const on = (name: string, listener: Listener): (() => void) => {
    if (!EVENT_NAMES.has(name)) throw new TypeError('unknown event')
    const ofName = listeners.get(name) ?? new Set()
    listeners.set(name, ofName)
    // Wrapped, so that the same function added twice is two listeners.
    const entry: Listener = (payload) => listener(payload)
    ofName.add(entry)
    return () => {
      ofName.delete(entry)
    }
  }

  // The page is typed by the contract; what it really sends is checked in the main process.
  return { call, on } as Bridge
}

function refused(code: 'INVALID_INPUT' | 'INTERNAL') {
  return { ok: false, error: { code } }
}
