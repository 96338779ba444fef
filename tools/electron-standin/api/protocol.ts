import type { CustomScheme } from 'electron'
import { loudClass } from '../loud.ts'

type Handler = (request: Request) => Response | Promise<Response>

const privileged = new Map<string, CustomScheme>()
let isReady = false

/** Called when the app is ready: schemes can no longer be registered. */
export function closeSchemeRegistration(): void {
  isReady = true
}

/** `protocol` of one session. */
export class Protocol {
  readonly #handlers = new Map<string, Handler>()

  registerSchemesAsPrivileged(schemes: CustomScheme[]): void {
    if (isReady) {
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    }
    for (const scheme of schemes) privileged.set(scheme.scheme, scheme)
  }

  handle(scheme: string, handler: Handler): void {
    if (this.#handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
    const { standard, secure } = privileged.get(scheme)?.privileges ?? {}
    if (standard !== true || secure !== true) {
      throw new Error(`stand-in: the scheme ${scheme} must be privileged, standard and secure`)
    }
    this.#handlers.set(scheme, handler)
  }

  unhandle(scheme: string): void {
    if (!this.#handlers.delete(scheme)) throw new Error(`Failed to unhandle protocol: ${scheme}`)
  }

  isProtocolHandled(scheme: string): boolean {
    return this.#handlers.has(scheme)
  }

  /** The stand-in's own: what answers requests of a scheme. */
  static handlerOf(protocol: Protocol, scheme: string): Handler | undefined {
    return protocol.#handlers.get(scheme)
  }
}
loudClass('protocol', Protocol)
