import * as v from 'valibot'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { RelayHost } from './ports.ts'

/** A relay that names another era with every answer causes no more than this. */
const CHANGES_APART_MS = 10 * 60_000
/** Clients do not come all at once to a relay that has just been restored. */
const HASTENED_WITHIN_MS = 5_000
/** For so long a refusal may mean that the receiver has not been back since the relay was restored. */
const DOUBTED_MS = 14 * 86_400_000
const LONGEST_WAIT_MS = 30 * 60_000

const EraRecord = v.object({ era: v.string(), changedAtMs: v.nullable(v.number()) })
type EraRecord = v.InferOutput<typeof EraRecord>

/** The eras of our relay and our contacts' (RELAY-API §9): where one changes, the relay has forgotten something. */
export class RelayEras {
  readonly #context: Context
  readonly #onChange: (host: RelayHost) => void
  /** As they are stored, so that most answers cost nothing. */
  readonly #known = new Map<RelayHost, string>()

  /** @param onChange - what was deposited at this relay is due again. */
  constructor(context: Context, onChange: (host: RelayHost) => void) {
    this.#context = context
    this.#onChange = onChange
  }

  /** Takes note of the era that an answer has told. */
  note(host: RelayHost, era: string): void {
    if (this.#known.get(host) === era) return
    const before = readEra(this.#context, host)
    if (before?.era !== era && !this.#take(host, era, before)) return
    this.#known.set(host, era)
  }

  /** @returns false where it is left for a later answer. */
  #take(host: RelayHost, era: string, before: EraRecord | null): boolean {
    const { store, clock, log, random } = this.#context
    const nowMs = clock.nowMs()
    const sinceChangeMs = Math.abs(nowMs - (before?.changedAtMs ?? -Infinity))
    if (sinceChangeMs < CHANGES_APART_MS) return false
    const isOurs = host === hostOf(this.#context.account().address)
    const contacts = store.contacts
      .list()
      .filter(({ address }) => isOurs || hostOf(address) === host)
    // Relays of strangers are nothing to remember.
    if (contacts.length === 0 && !isOurs) return false
    this.#context.commit(() => {
      const changedAtMs = before === null ? null : nowMs
      store.settings.set(settingOf(host), { era, changedAtMs } satisfies EraRecord)
      if (before === null) return
      for (const { id } of contacts) {
        const jitter = (random(1)[0] ?? 0) / 256
        store.unconfirmed.hasten(id, nowMs + Math.round(jitter * HASTENED_WITHIN_MS))
        // Receipts for us are lost with our relay.
        if (isOurs) store.unconfirmed.markOverdue(id)
      }
    })
    if (before !== null) {
      log.warn('relay.new-era')
      this.#onChange(host)
    }
    return true
  }
}

/**
 * How long to wait with what a relay refuses, where it has forgotten something not long ago: the receiver's device registers
 * it again when it is back. @returns `null` where a refusal is a refusal.
 */
export function waitForReceiverMs(context: Context, host: RelayHost): number | null {
  const changedAtMs = readEra(context, host)?.changedAtMs ?? null
  if (changedAtMs === null) return null
  const sinceMs = Math.abs(context.clock.nowMs() - changedAtMs)
  return sinceMs < DOUBTED_MS ? Math.min(sinceMs / 2, LONGEST_WAIT_MS) : null
}

function readEra(context: Context, host: RelayHost): EraRecord | null {
  const stored = v.safeParse(EraRecord, context.store.settings.get(settingOf(host)))
  return stored.success ? stored.output : null
}

function settingOf(host: RelayHost): string {
  return `relay.era ${host}`
}
