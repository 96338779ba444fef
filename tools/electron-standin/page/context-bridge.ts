/** What the isolated world uses of the bridge. */
export interface Bridge {
  exposeInMainWorld(key: string, api: unknown): void
}

/**
 * `contextBridge`, run in the page's own world and in the isolated one, each with the other's name. Values
 * cross as details of window events, which Chromium copies between worlds by structured cloning; functions and
 * promises cross as numbers. The function refers to nothing outside itself: its source runs in the page.
 *
 * @param self - the name of this world
 * @param other - the name of the other world
 * @param secret - part of the events' names, unknown to the page's scripts
 */
export function createBridge(self: string, other: string, secret: string): Bridge {
  type Packed =
    | { kind: 'value'; value: unknown }
    | { kind: 'function' | 'promise'; id: number }
    | { kind: 'error'; message: string }
    | { kind: 'array'; items: Packed[] }
    | { kind: 'object'; entries: [string, Packed][] }
  interface Call {
    id: number
    reply: string
    args: Packed[]
  }
  type Outcome = { value: Packed } | { error: Packed }

  const functions = new Map<number, (...args: unknown[]) => unknown>()
  const promises = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0

  // Taken now, before the page's scripts run and could replace them.
  const { CustomEvent } = window
  const addEventListener = window.addEventListener.bind(window)
  const dispatchEvent = window.dispatchEvent.bind(window)
  const listen = (name: string, listener: (detail: never) => void, once = false): void =>
    addEventListener(secret + name, (event) => listener((event as CustomEvent<never>).detail), {
      once,
    })
  const fire = (name: string, detail: unknown): boolean =>
    dispatchEvent(new CustomEvent(secret + name, { detail }))

  function packError(error: unknown): Packed {
    return error instanceof Error ? { kind: 'error', message: error.message } : pack(error)
  }
  function pack(value: unknown): Packed {
    if (typeof value === 'function') {
      const id = ++lastId
      functions.set(id, value as (...args: unknown[]) => unknown)
      return { kind: 'function', id }
    }
    if (value instanceof Promise) {
      const id = ++lastId
      value.then(
        (result) => fire(`${other}:settle`, { id, outcome: { value: pack(result) } }),
        (error: unknown) => fire(`${other}:settle`, { id, outcome: { error: packError(error) } }),
      )
      return { kind: 'promise', id }
    }
    if (value instanceof Error) return packError(value)
    if (Array.isArray(value)) return { kind: 'array', items: value.map(pack) }
    if (typeof value === 'object' && value !== null) {
      const prototype: unknown = Object.getPrototypeOf(value)
      if (prototype === Object.prototype || prototype === null) {
        return { kind: 'object', entries: Object.entries(value).map(([k, v]) => [k, pack(v)]) }
      }
    }
    return { kind: 'value', value }
  }
  function unpack(packed: Packed): unknown {
    switch (packed.kind) {
      case 'value':
        return packed.value
      case 'function':
        return (...args: unknown[]) => call(packed.id, args)
      case 'promise': {
        const settle = Promise.withResolvers<unknown>()
        promises.set(packed.id, settle)
        return settle.promise
      }
      case 'error':
        return new Error(packed.message) // Electron, too, loses the name.
      case 'array':
        return packed.items.map(unpack)
      case 'object': {
        const object: Record<string, unknown> = {}
        for (const [key, value] of packed.entries) object[key] = unpack(value)
        return object
      }
    }
  }
  function freeze(value: unknown): void {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
    if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
  }
  function call(id: number, args: unknown[]): unknown {
    const reply = `${self}:return:${String(++lastId)}`
    let outcome: Outcome | undefined
    listen(reply, (detail: Outcome) => (outcome = detail), true)
    fire(`${other}:call`, { id, reply, args: args.map(pack) } satisfies Call)
    if (outcome === undefined) throw new Error('the other world is gone')
    if ('error' in outcome) throw unpack(outcome.error)
    return unpack(outcome.value)
  }

  listen(`${self}:call`, ({ id, reply, args }: Call) => {
    let outcome: Outcome
    try {
      outcome = { value: pack(functions.get(id)?.(...args.map(unpack))) }
    } catch (error) {
      outcome = { error: packError(error) }
    }
    fire(reply, outcome)
  })
  listen(`${self}:settle`, ({ id, outcome }: { id: number; outcome: Outcome }) => {
    const settle = promises.get(id)
    promises.delete(id)
    if ('error' in outcome) settle?.reject(unpack(outcome.error))
    else settle?.resolve(unpack(outcome.value))
  })
  listen(`${self}:expose`, ({ key, api }: { key: string; api: Packed }) => {
    const value = unpack(api)
    freeze(value)
    Object.defineProperty(window, key, { value, enumerable: true })
  })

  const exposed = new Set<string>()
  return {
    exposeInMainWorld(key, api) {
      if (exposed.has(key)) {
        throw new Error(`Cannot bind an API on top of an existing property on the window object`)
      }
      exposed.add(key)
      fire(`${other}:expose`, { key, api: pack(api) })
    },
  }
}
