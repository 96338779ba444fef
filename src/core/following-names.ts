import { nextSizeForContact } from '#crypto/key-log.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import { ERRORS, type ErrorCode, type Failure } from '#shared/errors.ts'
import { ok, type Result } from '#shared/result.ts'
import { hostOf, type Address } from '#protocol/address.ts'
import type { Context } from './context.ts'
import { identityChanged } from './identity-change.ts'
import type { JobOutcome } from './job.ts'
import { lookAgainUpTo } from './looking-again.ts'
import { fetchProvenKey } from './proven-keys.ts'
import { acceptHead, isDistrusted, lastCheckpoint } from './relay-logs.ts'
import { hostsOfOurs } from './relay-trust.ts'

const DAY_MS = 24 * 3_600_000
/** Looking at one name after the other, with a random wait, keeps a relay from seeing who has which contacts together. */
const SHORTEST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 10 * 60_000

/**
 * Looks again at a contact's name, at the sizes of the log at which its owner looks too (PROTOCOL §18.7). One name a run.
 */
export async function followNames(context: Context): Promise<JobOutcome> {
  forgetStrangers(context)
  let failed = await refreshHeads(context)
  const due = dueNames(context)
  const unseen = unseenContacts(context)
  const [next] = due
  if (next !== undefined) {
    const looked = await context.hostTurns.take(hostOf(next), () => lookAgain(context, next))
    if (!looked.ok) failed ||= ERRORS[looked.error.code].retry === 'later'
    else if (looked.value) failed ||= !(await noticeChange(context, next))
  } else {
    // At random: one whose relay does not answer must not hold up the others.
    const some = unseen[Math.floor(fraction(context) * unseen.length)]
    if (some !== undefined) failed ||= !(await noticeChange(context, some))
  }
  if (failed) return { kind: 'failed' }
  const isMore = due.length + unseen.length > 1
  return { kind: 'again', afterMs: isMore ? pauseMs(context) : DAY_MS / 4 }
}

function fraction({ random }: Context): number {
  return (random(1)[0] ?? 0) / 256
}

function pauseMs(context: Context): number {
  return SHORTEST_PAUSE_MS + fraction(context) * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS)
}

/** Names that nobody among the contacts has: authors that were looked up and turned away. */
function forgetStrangers(context: Context): void {
  const { relayLogs, contacts } = context.store
  const own = context.account().address
  for (const { address } of relayLogs.listFollowed()) {
    if (address !== own && contacts.byAddress(address) === null) {
      context.commit(() => relayLogs.unfollow(address))
    }
  }
}

/** Once a day, the newest checkpoint of each relay that a followed name is at. @returns whether one did not answer. */
async function refreshHeads(context: Context): Promise<boolean> {
  const { relayLogs } = context.store
  const ours = hostsOfOurs(context)
  const followed = relayLogs.listFollowed().map(({ address }) => hostOf(address))
  const hosts = new Set(followed.filter((host) => ours.has(host)))
  let failed = false
  for (const host of hosts) {
    const log = relayLogs.get(host)
    if (log === null || log.distrust !== null) continue
    if (context.clock.nowMs() - lastCheckpoint(log).signedAtMs < DAY_MS) continue
    const accepted = await context.hostTurns.take(host, async () => {
      const head = await context.relay.fetchLogHead(host)
      return head.ok ? acceptHead(context, host, head.value) : head
    })
    if (!accepted.ok) failed ||= ERRORS[accepted.error.code].retry === 'later'
  }
  return failed
}

/** Names whose log has grown to the size at which they are to be looked at. */
function dueNames(context: Context): Address[] {
  const { relayLogs } = context.store
  const own = context.account().address
  const ours = hostsOfOurs(context)
  return relayLogs
    .listFollowed()
    .filter(({ address, size }) => {
      // Who only asks to write must not make us ask their relay, nor warn of it.
      const log = ours.has(hostOf(address)) ? relayLogs.get(hostOf(address)) : null
      const isTrusted = log !== null && log.distrust === null
      return address !== own && isTrusted && nextSizeForContact(size) <= lastCheckpoint(log).size
    })
    .map(({ address }) => address)
}

/** Contacts whose name was never looked at in a log: those from before there was one. */
function unseenContacts(context: Context): Address[] {
  const { relayLogs, contacts } = context.store
  return contacts
    .list()
    .filter(
      ({ address, relation, changedSigningKey }) =>
        (relation === 'accepted' || relation === 'request-out') &&
        changedSigningKey === null &&
        relayLogs.followed(address) === null &&
        !isDistrusted(context, hostOf(address)),
    )
    .map(({ address }) => address)
}

/** @returns whether the name's chain has grown. */
async function lookAgain(
  context: Context,
  address: Address,
): Promise<Result<boolean, Failure<ErrorCode>>> {
  const log = context.store.relayLogs.get(hostOf(address))
  if (log === null || log.distrust !== null) return ok(false)
  return lookAgainUpTo(context, address, lastCheckpoint(log).size)
}

/** Tells the user where a contact's name belongs to another key now. @returns whether nothing is to be tried again. */
async function noticeChange(context: Context, address: Address): Promise<boolean> {
  const current = await fetchProvenKey(context, address)
  const contact = context.store.contacts.byAddress(address)
  if (current.ok && contact !== null && !equalPublicBytes(contact.signingKey, current.value)) {
    identityChanged(context, contact, current.value)
  }
  return current.ok || ERRORS[current.error.code].retry !== 'later'
}
