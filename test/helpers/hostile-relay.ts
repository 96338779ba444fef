import type { IncomingEnvelope, Relay, RelayIdentity } from '#core/ports.ts'

/** What a hostile relay does on the way; each part can be switched while the clients run. */
export interface Mischief {
  /** Changes, drops (`[]`) or adds to each envelope before the client sees it. */
  envelope?: (incoming: IncomingEnvelope) => IncomingEnvelope[]
  identity?: (identity: RelayIdentity) => RelayIdentity
  /** Another relay answers what is asked about keys: a second directory, for some clients only. */
  directory?: (host: string) => string
  /** Keeps the account's device list from the relay. */
  dropDeviceList?: boolean
  /** Not mischief: makes hosts of a test look as if they were elsewhere. */
  isPrivate?: (host: string) => boolean
}

/** A relay port that does mischief between a client and an honest relay. */
export function hostile(relay: Relay, mischief: Mischief): Relay {
  const at = (host: string): string => mischief.directory?.(host) ?? host
  return {
    isPrivate: (host) => mischief.isPrivate?.(host) ?? relay.isPrivate(host),
    info: (...args) => relay.info(...args),
    nameFree: (...args) => relay.nameFree(...args),
    register: (host, signer, { certificate, deviceList }, inviteCode) =>
      relay.register(
        host,
        signer,
        { certificate, ...(deviceList && !mischief.dropDeviceList && { deviceList }) },
        inviteCode,
      ),
    deleteAccount: (...args) => relay.deleteAccount(...args),
    publishPrekeys: (...args) => relay.publishPrekeys(...args),
    prekeysLeft: (...args) => relay.prekeysLeft(...args),
    putTokens: (...args) => relay.putTokens(...args),
    fetchBundles: (host, ...args) => relay.fetchBundles(at(host), ...args),
    fetchLogHead: (host) => relay.fetchLogHead(at(host)),
    fetchConsistency: (host, ...args) => relay.fetchConsistency(at(host), ...args),
    fetchChain: (host, ...args) => relay.fetchChain(at(host), ...args),
    deposit: (...args) => relay.deposit(...args),
    knock: (...args) => relay.knock(...args),
    onEra: (listener) => relay.onEra(listener),
    setProxy: (proxy) => relay.setProxy(proxy),
    close: () => relay.close(),
    async fetchIdentity(host, name) {
      const fetched = await relay.fetchIdentity(at(host), name)
      if (!fetched.ok || mischief.identity === undefined) return fetched
      return { ok: true, value: mischief.identity(fetched.value) }
    },
    subscribe: (host, signer, after, handlers) =>
      relay.subscribe(host, signer, after, {
        ...handlers,
        received: (batch) =>
          handlers.received(
            batch.flatMap((incoming) => mischief.envelope?.(incoming) ?? [incoming]),
          ),
      }),
  }
}

/** The envelope with one bit flipped. */
export function flipBit(incoming: IncomingEnvelope, bit: number): IncomingEnvelope {
  const envelope = Uint8Array.from(incoming.envelope)
  const index = Math.floor(bit / 8) % envelope.length
  envelope[index] = (envelope[index] ?? 0) ^ (1 << (bit % 8))
  return { ...incoming, envelope }
}
