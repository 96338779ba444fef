import {
  MAX_SKIPPED_CHAINS,
  MAX_SKIPPED_PER_CHAIN,
  MAX_SKIPPED_PER_SESSION,
  SKIPPED_KEY_LIFETIME_MS,
  type Chain,
  type MessageKey,
  type SkippedChain,
  type SkippedKey,
} from './session-state.ts'

/** The skipped keys of a session, the oldest chain first. Never changed in place. */
export type SkippedChains = readonly SkippedChain[]

/** Forgets keys that were kept too long. Gives the same object where there are none, the usual case. */
export function dropExpired(skipped: SkippedChains, nowMs: number): SkippedChains {
  const oldestKeptMs = nowMs - SKIPPED_KEY_LIFETIME_MS
  const isExpired = ({ skippedAtMs }: SkippedKey): boolean => skippedAtMs < oldestKeptMs
  // Keys stand in the order they were skipped in: the first is the oldest.
  const isOldestExpired = ({ keys }: SkippedChain): boolean => {
    const [oldest] = keys.values()
    return oldest !== undefined && isExpired(oldest)
  }
  if (!skipped.some(isOldestExpired)) return skipped
  return skipped.flatMap((chain) =>
    withKeys(
      chain,
      [...chain.keys].filter(([, key]) => !isExpired(key)),
    ),
  )
}

/** Adds the keys of a chain's messages from `chain.next` on, and forgets the oldest beyond the limits. */
export function addSkipped(
  skipped: SkippedChains,
  chain: Chain,
  added: readonly MessageKey[],
  nowMs: number,
): SkippedChains {
  const known = skipped.find(({ turn }) => turn === chain.turn)
  const keys = new Map(known?.keys)
  added.forEach((key, index) => keys.set(chain.next + index, { key, skippedAtMs: nowMs }))
  const { headerKey, turn } = chain
  const merged = skipped.filter((other) => other !== known).concat({ headerKey, turn, keys })
  return withinLimits(merged)
}

/** Takes one key out. @returns `null` where it is not kept: used before, expired, or never skipped. */
export function takeSkipped(
  skipped: SkippedChains,
  turn: number,
  number: number,
): { readonly key: MessageKey; readonly skipped: SkippedChains } | null {
  const found = skipped.find((chain) => chain.turn === turn)?.keys.get(number)
  if (found === undefined) return null
  return {
    key: found.key,
    skipped: skipped.flatMap((chain) =>
      chain.turn === turn
        ? withKeys(
            chain,
            [...chain.keys].filter(([other]) => other !== number),
          )
        : [chain],
    ),
  }
}

function withinLimits(skipped: SkippedChains): SkippedChains {
  let room = MAX_SKIPPED_PER_SESSION
  const newestFirst = skipped.slice(-MAX_SKIPPED_CHAINS).toReversed()
  return newestFirst
    .flatMap((chain) => {
      const kept = Math.min(chain.keys.size, MAX_SKIPPED_PER_CHAIN, room)
      room -= kept
      if (kept === chain.keys.size) return [chain]
      return withKeys(chain, [...chain.keys].slice(chain.keys.size - kept))
    })
    .toReversed()
}

/** The chain with other keys, in a list; an empty list where no key is left. */
function withKeys(
  chain: SkippedChain,
  entries: Iterable<readonly [number, SkippedKey]>,
): SkippedChain[] {
  const keys = new Map(entries)
  return keys.size === 0 ? [] : [{ ...chain, keys }]
}
