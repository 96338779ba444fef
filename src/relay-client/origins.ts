import type { RelayHost } from '#core/ports.ts'
import { dial, DialError, type DialOptions } from './dialer.ts'
import { mayBeInsecure, relayOrigin, type RelayOrigin } from './relay-origin.ts'

/**
 * Knows which relays speak TLS. A public one must. On this computer and in private networks TLS is tried first;
 * a relay seen with TLS is not spoken to without it any more.
 */
export class Origins {
  readonly #known = new Map<RelayHost, RelayOrigin>()

  /** @throws DialError where the relay cannot be reached to find out. */
  async find(host: RelayHost, options: DialOptions): Promise<RelayOrigin> {
    const known = this.#known.get(host)
    if (known !== undefined) return known
    const secure = relayOrigin(host, true)
    const origin =
      !mayBeInsecure(secure.hostname) || (await speaksTls(secure, options))
        ? secure
        : relayOrigin(host, false)
    this.#known.set(host, origin)
    return origin
  }

  /** After a failure without TLS: the relay may have it by now. */
  doubt(host: RelayHost): void {
    if (this.#known.get(host)?.secure === false) this.#known.delete(host)
  }
}

async function speaksTls(secure: RelayOrigin, options: DialOptions): Promise<boolean> {
  try {
    const socket = await dial(secure, options)
    socket.destroy()
    return true
  } catch (cause) {
    if (!(cause instanceof DialError)) throw cause
    const { port } = new URL(secure.url)
    // With a port of its own, only an answer that isn't TLS speaks for plain HTTP; without, HTTP has another port.
    if (cause.plainAnswer || (port === '' && cause.code === 'RELAY_UNREACHABLE')) return false
    throw cause
  }
}
