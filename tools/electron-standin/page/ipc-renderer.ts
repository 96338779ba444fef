import type { Codec } from './codec.ts'
import type { Bridge } from './context-bridge.ts'
import type { FromPage, PageHooks } from './messages.ts'

/** What a sandboxed preload script sees: its `require` and its `process`. */
export interface PreloadEnvironment {
  require(name: string): unknown
  readonly process: object
  readonly hooks: Pick<PageHooks, 'deliver' | 'settle'>
}

/**
 * `ipcRenderer` and the small `require` of a sandboxed preload script. The function refers to nothing outside
 * itself: its source runs in the page's isolated world.
 */
export function createPreloadEnvironment(
  post: (message: FromPage) => void,
  codec: Codec,
  bridge: Bridge,
  platform: string,
  versions: Record<string, string>,
): PreloadEnvironment {
  type Listener = (event: object, ...args: unknown[]) => void
  const listeners = new Map<string, { listener: Listener; call: Listener }[]>()
  const invoked = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0

  function missing(name: string, api: object): object {
    return new Proxy(api, {
      get(target, key, receiver): unknown {
        if (typeof key === 'symbol' || key in target || key === 'then') {
          return Reflect.get(target, key, receiver)
        }
        throw new Error(`electron.${name}.${key} is not supported by the stand-in`)
      },
    })
  }
  function add(channel: string, listener: Listener, call: Listener): void {
    const known = listeners.get(channel)
    if (known === undefined) listeners.set(channel, [{ listener, call }])
    else known.push({ listener, call })
  }
  function remove(channel: string, listener: Listener): void {
    const known = listeners.get(channel) ?? []
    const at = known.findLastIndex((entry) => entry.listener === listener)
    if (at !== -1) known.splice(at, 1)
  }

  const ipcRenderer = missing('ipcRenderer', {
    send(channel: string, ...args: unknown[]): void {
      post({ type: 'send', channel, args: codec.encode(args) })
    },
    async invoke(channel: string, ...args: unknown[]): Promise<unknown> {
      const encoded = codec.encode(args)
      const id = ++lastId
      const settle = Promise.withResolvers<unknown>()
      invoked.set(id, settle)
      post({ type: 'invoke', channel, args: encoded, id })
      return settle.promise
    },
    on(channel: string, listener: Listener): object {
      add(channel, listener, listener)
      return ipcRenderer
    },
    once(channel: string, listener: Listener): object {
      add(channel, listener, (event, ...args) => {
        remove(channel, listener)
        listener(event, ...args)
      })
      return ipcRenderer
    },
    off(channel: string, listener: Listener): object {
      remove(channel, listener)
      return ipcRenderer
    },
    removeListener(channel: string, listener: Listener): object {
      remove(channel, listener)
      return ipcRenderer
    },
    removeAllListeners(channel?: string): object {
      if (channel === undefined) listeners.clear()
      else listeners.delete(channel)
      return ipcRenderer
    },
    listenerCount: (channel: string): number => listeners.get(channel)?.length ?? 0,
  })

  const electron = {
    ipcRenderer,
    contextBridge: missing('contextBridge', {
      exposeInMainWorld: (key: string, api: unknown) => bridge.exposeInMainWorld(key, api),
    }),
    webFrame: missing('webFrame', {}),
    webUtils: missing('webUtils', {}),
    crashReporter: missing('crashReporter', {}),
  }

  return {
    require(name) {
      if (name === 'electron' || name === 'electron/renderer') return electron
      throw new Error(`module not found: ${name}`)
    },
    process: Object.freeze({
      type: 'renderer',
      platform,
      versions: Object.freeze(versions),
      sandboxed: true,
      contextIsolated: true,
      argv: [],
      env: {},
    }),
    hooks: {
      deliver(channel, args) {
        const event = { sender: ipcRenderer, ports: [] }
        const values = codec.decode(args) as unknown[]
        const current = (listeners.get(channel) ?? []).slice()
        for (const { call } of current) call(event, ...values)
      },
      settle(id, outcome) {
        const settle = invoked.get(id)
        invoked.delete(id)
        if ('error' in outcome) settle?.reject(new Error(outcome.error))
        else settle?.resolve(codec.decode(outcome.value))
      },
    },
  }
}
