import { EventEmitter } from 'node:events'

/** Members that the language, the console and test tools look up on any object. */
const LOOKED_UP_BY_ANYONE = new Set(['then', 'toJSON', 'domain', 'nodeType', 'asymmetricMatch'])

function loudFallback(name: string, base: object): object {
  return new Proxy(base, {
    get(target, key, receiver): unknown {
      if (typeof key === 'symbol' || key in target || LOOKED_UP_BY_ANYONE.has(key)) {
        return Reflect.get(target, key, receiver)
      }
      throw new Error(`electron.${name}.${key} is not supported by the stand-in`)
    },
  })
}

/**
 * Makes reading a member that the stand-in lacks throw, so that nothing silently does nothing.
 * The check sits at the end of the prototype chain: members that exist cost nothing and keep private fields.
 */
export function loud<T extends object>(name: string, target: T): T {
  let last: object = target
  for (;;) {
    const next = Object.getPrototypeOf(last) as object | null
    if (next === null) throw new TypeError(`${name} has no prototype`)
    if (next === Object.prototype || next === EventEmitter.prototype) {
      Object.setPrototypeOf(last, loudFallback(name, next))
      return target
    }
    last = next
  }
}

/** The same for every instance of a class. */
export function loudClass(name: string, constructor: { readonly prototype: object }): void {
  loud(name, constructor.prototype)
}

/** An API that the stand-in has none of: any use throws. */
export function unsupported(name: string): object {
  return loud(name, {})
}
