/** Turns values into text and back, as `structuredClone` would copy them. */
export interface Codec {
  /** @throws Error `An object could not be cloned.`, with Electron's words. */
  encode(value: unknown): string
  decode(text: string): unknown
}

/**
 * Makes the codec of the values that cross between the page and the main process. The function refers to
 * nothing outside itself: its source also runs in the page.
 *
 * A value is written as a list of nodes that refer to each other by index, so cycles and shared objects survive.
 */
export function createCodec(): Codec {
  type Reference = string | boolean | null | number | { at: number } | { special: string }
  type Node =
    | { type: 'object'; entries: [string, Reference][] }
    | { type: 'array' | 'set'; items: Reference[] }
    | { type: 'map'; pairs: [Reference, Reference][] }
    | { type: 'date'; timeMs: number | null }
    | { type: 'bigint'; digits: string }
    | { type: 'regexp'; source: string; flags: string }
    | { type: 'buffer'; base64: string }
    | { type: 'view'; name: string; base64: string }
    | { type: 'error'; name: string; message: string; stack: string | undefined; cause: Reference }

  function toBase64(bytes: Uint8Array): string {
    let text = ''
    const chunk = 0x8000
    for (let i = 0; i < bytes.length; i += chunk) {
      text += String.fromCharCode(...bytes.subarray(i, i + chunk))
    }
    return btoa(text)
  }
  function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  }

  function encode(value: unknown): string {
    let copy: unknown
    try {
      copy = structuredClone(value)
    } catch {
      throw new Error('An object could not be cloned.')
    }
    const nodes: (Node | null)[] = []
    const indexes = new Map<object, number>()

    function refer(part: unknown): Reference {
      if (part === null || typeof part === 'string' || typeof part === 'boolean') return part
      if (part === undefined) return { special: 'undefined' }
      if (typeof part === 'number') {
        return Number.isFinite(part) && !Object.is(part, -0)
          ? part
          : { special: Object.is(part, -0) ? '-0' : String(part) }
      }
      if (typeof part === 'bigint') {
        return { at: nodes.push({ type: 'bigint', digits: String(part) }) - 1 }
      }
      const object: object = part
      const known = indexes.get(object)
      if (known !== undefined) return { at: known }
      const at = nodes.push(null) - 1
      indexes.set(object, at)
      nodes[at] = describe(object)
      return { at }
    }
    function describe(object: object): Node {
      if (Array.isArray(object)) return { type: 'array', items: object.map(refer) }
      if (object instanceof Date) {
        const timeMs = object.getTime()
        return { type: 'date', timeMs: Number.isNaN(timeMs) ? null : timeMs }
      }
      if (object instanceof RegExp) {
        return { type: 'regexp', source: object.source, flags: object.flags }
      }
      if (object instanceof Map) {
        return { type: 'map', pairs: [...object].map(([k, v]) => [refer(k), refer(v)]) }
      }
      if (object instanceof Set) return { type: 'set', items: [...object].map(refer) }
      if (object instanceof ArrayBuffer) {
        return { type: 'buffer', base64: toBase64(new Uint8Array(object)) }
      }
      if (ArrayBuffer.isView(object)) {
        const bytes = new Uint8Array(object.buffer, object.byteOffset, object.byteLength)
        return { type: 'view', name: object.constructor.name, base64: toBase64(bytes) }
      }
      if (object instanceof Error) {
        const { name, message, stack, cause } = object
        return { type: 'error', name, message, stack, cause: refer(cause) }
      }
      const prototype: unknown = Object.getPrototypeOf(object)
      if (prototype !== Object.prototype && prototype !== null) {
        throw new Error('An object could not be cloned.')
      }
      return { type: 'object', entries: Object.entries(object).map(([k, v]) => [k, refer(v)]) }
    }

    const root = refer(copy)
    return JSON.stringify({ root, nodes })
  }

  function decode(text: string): unknown {
    const { root, nodes } = JSON.parse(text) as { root: Reference; nodes: Node[] }
    const made = new Map<number, unknown>()

    function resolve(reference: Reference): unknown {
      if (reference === null || typeof reference !== 'object') return reference
      if ('special' in reference) {
        return reference.special === 'undefined' ? undefined : Number(reference.special)
      }
      const { at } = reference
      if (!made.has(at)) build(at, nodes[at] as Node)
      return made.get(at)
    }
    function keep<T>(at: number, value: T): T {
      made.set(at, value)
      return value
    }
    function build(at: number, node: Node): void {
      switch (node.type) {
        case 'object': {
          const object: Record<string, unknown> = keep(at, {})
          for (const [key, value] of node.entries) {
            // Not by assignment: `__proto__` is a key like any other.
            Object.defineProperty(object, key, {
              value: resolve(value),
              writable: true,
              enumerable: true,
              configurable: true,
            })
          }
          return
        }
        case 'array': {
          const array: unknown[] = keep(at, [])
          for (const item of node.items) array.push(resolve(item))
          return
        }
        case 'set': {
          const set = keep(at, new Set<unknown>())
          for (const item of node.items) set.add(resolve(item))
          return
        }
        case 'map': {
          const map = keep(at, new Map<unknown, unknown>())
          for (const [key, value] of node.pairs) map.set(resolve(key), resolve(value))
          return
        }
        case 'date':
          keep(at, new Date(node.timeMs ?? Number.NaN))
          return
        case 'bigint':
          keep(at, BigInt(node.digits))
          return
        case 'regexp':
          keep(at, new RegExp(node.source, node.flags))
          return
        case 'buffer':
          keep(at, fromBase64(node.base64).buffer)
          return
        case 'view': {
          const constructors = globalThis as unknown as Record<
            string,
            new (buffer: ArrayBuffer) => ArrayBufferView
          >
          const View = constructors[node.name]
          if (View === undefined) throw new TypeError(`no such view: ${node.name}`)
          keep(at, new View(fromBase64(node.base64).buffer))
          return
        }
        case 'error': {
          const error = keep(at, new Error(node.message))
          if (node.name !== 'Error') error.name = node.name
          if (node.stack !== undefined) error.stack = node.stack
          const cause = resolve(node.cause)
          if (cause !== undefined) error.cause = cause
          return
        }
      }
    }
    return resolve(root)
  }

  return { encode, decode }
}
