import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acceptRequest } from '#core/accepting-request.ts'
import { AuthorLookups } from '#core/author-lookups.ts'
import { addContact } from '#core/contact-creation.ts'
import { addByLinkOrAddress, blockContact } from '#core/contacts.ts'
import { Context } from '#core/context.ts'
import { followNames } from '#core/following-names.ts'
import type { IncomingEnvelope, Relay } from '#core/ports.ts'
import { enqueue } from '#core/outbox.ts'
import { keepPrekeys } from '#core/prekey-upkeep.ts'
import { receiveBatch } from '#core/receiving.ts'
import { establishSession } from '#core/sessions.ts'
import { INVITE_USES } from '#core/token-upkeep.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { makeAddress, type Address, type RelayHost } from '#protocol/address.ts'
import { failure } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import type { RelayTrustView } from '#shared/views.ts'
import { bareClient } from '#test/helpers/bare-client.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { hostile } from '#test/helpers/hostile-relay.ts'
import { ManualClock } from '#test/helpers/manual-clock.ts'
import { unlimitedRates } from '#test/helpers/unlimited-rates.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'
import { testRelay, type TestRelay } from '../relay/harness.ts'

type Answer = ReturnType<Relay['fetchIdentity']>

let relay: TestRelay
let host: RelayHost
let clock: ManualClock
let ada: Context
let lookups: AuthorLookups
/** What a relay answers instead of what it has. */
let answers: Map<string, (name: string, real: Relay) => Answer>
/** Relays that Ada has asked for an account, or for their log. */
let asked: string[]
const closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  answers = new Map()
  asked = []
  relay = await startRelay()
  host = relay.host as RelayHost
  const {
    context: { store, random, log, keys, relay: real },
  } = await client('ada', host)
  clock = new ManualClock(Date.now())
  ada = new Context({
    store,
    random,
    log,
    keys,
    clock,
    relay: {
      ...hostile(real, {}),
      fetchLogHead: (at) => {
        asked.push(at)
        return real.fetchLogHead(at)
      },
      fetchIdentity: (at, name) => {
        asked.push(at)
        return answers.get(at)?.(name, real) ?? real.fetchIdentity(at, name)
      },
    },
  })
  valueOf(await keepPrekeys(ada))
  lookups = new AuthorLookups(ada, () => undefined)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startRelay(): Promise<TestRelay> {
  const started = await testRelay({ rates: unlimitedRates() })
  closing.push(() => started.close())
  return started
}

async function client(name: string, at: RelayHost): Promise<{ context: Context }> {
  const { context, close } = await bareClient(name, at)
  closing.push(close)
  return { context }
}

/** A first envelope for Ada. @param as - the address that its author gives, where it is not theirs. */
async function knock(from: Context, as?: Address): Promise<IncomingEnvelope> {
  const { store, keys } = from
  const account = from.account()
  if (as !== undefined) {
    const deviceCertificate = keys.certify(as, account.deviceId, account.createdAtMs)
    store.account.save({ ...account, address: as, deviceCertificate })
  }
  const { address, signingKey } = ada.account()
  const contact =
    store.contacts.byAddress(address) ??
    addContact(from, { address, signingKey, relation: 'request-out', verified: false })
  valueOf(await establishSession(from, contact, 1))
  enqueue(from, contact, { sentAtMs: Date.now() })
  const envelope = store.outbox.list().at(-1)?.envelope
  if (!envelope) throw new Error('nothing was sealed')
  const label = new Uint8Array(16)
  return { relaySeq: 1, envelopeId: randomBytes(16), label, envelope, relayedAtMs: Date.now() }
}

/** It comes from the relay, under an id of its own. */
const receive = (incoming: IncomingEnvelope) =>
  receiveBatch(ada, [{ ...incoming, envelopeId: randomBytes(16) }])

const waiting = () => ada.store.inbox.listHeld('pending')
const isKnown = (context: Context) =>
  ada.store.contacts.byAddress(context.account().address) !== null

describe('an envelope that was given up', () => {
  test('because its relay did not know the author is judged anew when it comes again', async () => {
    const { context: ben } = await client('ben', host)
    const envelope = await knock(ben)
    answers.set(host, () => Promise.resolve(err(failure('ACCOUNT_UNKNOWN'))))
    receive(envelope)
    expect(await lookups.run()).toEqual({ kind: 'idle' })
    expect([waiting(), isKnown(ben)]).toEqual([[], false])

    answers.clear()
    expect(receive(envelope)).toMatchObject({ lookups: true })
    await lookups.run()
    expect([waiting(), isKnown(ben)]).toEqual([[], true])
  })

  test('to make room for another is judged anew when it comes again', async () => {
    const { context: ben } = await client('ben', host)
    const [first, second] = [await knock(ben), await knock(ben)]
    receive(first)
    for (let i = 0; i < 199; i++) {
      ada.store.inbox.hold({
        envelopeId: randomBytes(16),
        label: new Uint8Array(16),
        envelope: randomBytes(300),
        receivedAtMs: 0,
        relayedAtMs: 0,
        status: 'pending',
        errorCode: null,
        contactId: null,
        messageSeq: null,
      })
    }
    const isHeld = () =>
      waiting().some(({ envelope }) => Buffer.compare(envelope, first.envelope) === 0)
    expect(isHeld()).toBe(true)
    receive(second)
    expect([waiting().length, isHeld()]).toEqual([200, false])
    receive(first)
    expect([waiting().length, isHeld()]).toEqual([200, true])
  })
})

test('relays that do not answer hold up nobody else, and are asked less and less', async () => {
  const { context: ben } = await client('ben', host)
  const { context: eve } = await client('eve', host)
  const end: (() => void)[] = []
  for (let i = 0; i < 10; i++) {
    const tarpit = `tarpit${String(i)}.example` as RelayHost
    const answer = new Promise<Awaited<Answer>>((resolve) => {
      end.push(() => {
        resolve(err(failure('RELAY_UNREACHABLE')))
      })
    })
    answers.set(tarpit, () => answer)
    receive(await knock(eve, makeAddress('eve', tarpit)))
    receive(await knock(eve, makeAddress('adam', tarpit)))
  }
  receive(await knock(ben))
  const run = lookups.run()
  await eventually('ben is let in', () => isKnown(ben))
  for (const each of end) each()
  expect(await run).toMatchObject({ kind: 'again' })
  // One question to each relay, though two wait at each.
  expect(asked.sort()).toEqual([host, ...answers.keys()].sort())

  const after = async (ms: number) => {
    asked = []
    await clock.advance(ms)
    await lookups.run()
    return asked.length
  }
  expect([await after(0), await after(1_000), await after(1_000), await after(1_000)]).toEqual([
    0, 10, 0, 10,
  ])
  lookups.forgetWaits()
  expect(await after(0)).toBe(10)
  expect(waiting()).toHaveLength(20)
})

describe('a relay that lies about keys', () => {
  let shown: RelayTrustView[][]
  let lying: RelayHost
  let eve: Context
  beforeEach(async () => {
    lying = (await startRelay()).host as RelayHost
    ;({ context: eve } = await client('eve', lying))
    answers.set(lying, async (name, real) => {
      const fetched = await real.fetchIdentity(lying, name)
      return fetched.ok ? ok({ ...fetched.value, devices: [] }) : fetched
    })
    shown = []
    ada.events.on('relays.changed', (views) => shown.push(views))
  })

  test('is no concern of the user where only a stranger has named it', async () => {
    receive(await knock(eve))
    expect(await lookups.run()).toEqual({ kind: 'idle' })
    expect([waiting(), ada.store.relayLogs.get(lying), shown.flat()]).toEqual([[], null, []])
  })

  test('is where the user has named it', async () => {
    expect(codeOf(await addByLinkOrAddress(ada, eve.account().address))).toBe('RELAY_DISTRUSTED')
    expect(shown.at(-1)).toMatchObject([{ host: lying, reason: 'keys-not-logged' }])
  })

  test('is where a contact is there', async () => {
    const { publicKey: signingKey } = eve.keys.signing
    const address = makeAddress('carol', lying)
    addContact(ada, { address, signingKey, relation: 'accepted', verified: false })
    receive(await knock(eve))
    await lookups.run()
    expect(shown.at(-1)).toMatchObject([{ host: lying, reason: 'keys-not-logged' }])
    expect(waiting()).toHaveLength(1)
    asked = []
    expect(await lookups.run()).toEqual({ kind: 'idle' })
    expect(asked).toEqual([])
  })
})

test('the relay of somebody who asks to write is not asked for its log until they are accepted', async () => {
  const elsewhere = (await startRelay()).host as RelayHost
  const { context: eve } = await client('eve', elsewhere)
  receive(await knock(eve))
  await lookups.run()
  const contact = ada.store.contacts.byAddress(eve.account().address)
  if (contact === null) throw new Error('eve is not there')
  asked = []
  await clock.advance(25 * 3_600_000)
  await followNames(ada)
  expect(asked).not.toContain(elsewhere)
  acceptRequest(ada, contact)
  await followNames(ada)
  expect(asked).toContain(elsewhere)
})

test('what a contact with changed keys sends takes few places, and none once it is blocked', async () => {
  const { context: ben } = await client('ben', host)
  const { id } = addContact(ada, {
    address: ben.account().address,
    signingKey: ada.account().signingKey,
    relation: 'accepted',
    verified: false,
  })
  receive(await knock(ben))
  await lookups.run()
  expect(ada.store.contacts.get(id)?.changedSigningKey).toEqual(ben.account().signingKey)
  for (let i = 0; i < 70; i++) receive(await knock(ben))
  expect(waiting()).toHaveLength(INVITE_USES)
  valueOf(blockContact(ada, id))
  expect(waiting()).toEqual([])
})
