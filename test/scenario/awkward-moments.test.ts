import { afterEach, beforeEach, expect, test } from 'vitest'
import { Context } from '#core/context.ts'
import type { IncomingEnvelope, Relay } from '#core/ports.ts'
import { receiveBatch } from '#core/receiving.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeContent } from '#protocol/content.ts'
import { failure } from '#shared/errors.ts'
import { err } from '#shared/result.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { hostile } from '#test/helpers/hostile-relay.ts'
import { Scenario } from '#test/helpers/scenario.ts'
import { storeOf } from '#test/helpers/store-of.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start()
})
afterEach(() => scenario.close())

/** Holds back the answers of one call of the relay port, once asked to. */
class Gate {
  #opened: Promise<void> = Promise.resolve()
  open: () => void = () => undefined
  waiting = 0

  shut(): void {
    this.#opened = new Promise((resolve) => (this.open = resolve))
  }

  async pass<T>(answer: Promise<T>): Promise<T> {
    const value = await answer
    this.waiting += 1
    await this.#opened
    this.waiting -= 1
    return value
  }
}

test('a deposit answered after new keys were accepted is made again for those', async () => {
  const deposits = new Gate()
  const wrapRelay = (relay: Relay): Relay => ({
    ...hostile(relay, {}),
    deposit: (...args) => deposits.pass(relay.deposit(...args)),
  })
  const [ada, ben] = await scenario.friends('ada', 'ben', [{ wrapRelay }])
  ben.write(ada, 'hi')
  await ada.sees(ben, 'hi')
  await ben.showsState(ada, 'hi', 'delivered')
  deposits.shut()
  ada.write(ben, 'just in time?')
  await eventually('it is on its way', () => deposits.waiting > 0)

  valueOf(await ben.client.deleteAccount(ben.address))
  const newBen = await scenario.person('ben')
  const { link } = valueOf(await ada.client.createInvite())
  valueOf(await newBen.client.addContact(link))
  newBen.write(ada, 'new phone')
  await eventually('ada is warned', () => ada.contact(newBen).identityChanged)
  ada.acceptKeys(newBen)
  deposits.open()
  await newBen.sees(ada, 'just in time?')
})

test('an account that is deleted is not registered again by the end of its stream', async () => {
  const answers = new Gate()
  const wrapRelay = (relay: Relay): Relay => ({
    ...hostile(relay, {}),
    deleteAccount: (...args) => answers.pass(relay.deleteAccount(...args)),
  })
  const ada = await scenario.person('ada', { wrapRelay })
  answers.shut()
  const deleting = ada.client.deleteAccount(ada.address)
  // The relay has ended the stream; its answer is still on the way.
  await eventually('the stream has ended', () => ada.client.connection().code === 'ACCOUNT_UNKNOWN')
  await eventually('the answer waits', () => answers.waiting > 0)
  answers.open()
  valueOf(await deleting)
  const other = await scenario.person('ben')
  expect(codeOf(await other.client.addContact(ada.address))).toBe('ACCOUNT_UNKNOWN')
})

test('a token that comes while the refusal of the old one is looked into is used', async () => {
  const lookups = new Gate()
  const wrapRelay = (relay: Relay): Relay => ({
    ...hostile(relay, {}),
    fetchIdentity: (...args) => lookups.pass(relay.fetchIdentity(...args)),
  })
  const [ada, ben] = await scenario.friends('ada', 'ben', [{ wrapRelay }])
  ben.write(ada, 'hi')
  await ada.sees(ben, 'hi')
  ada.write(ben, 'hello')
  await ada.showsState(ben, 'hello', 'delivered')
  valueOf(ben.client.blockContact(ben.contactId(ada)))
  await new Promise((resolve) => setTimeout(resolve, 300))
  lookups.shut()
  ada.write(ben, 'still there?')
  await eventually('the refusal is looked into', () => lookups.waiting > 0)
  valueOf(ben.client.unblockContact(ben.contactId(ada)))
  ben.write(ada, 'sorry')
  await ada.sees(ben, 'sorry')
  await ben.client.whenSettled()
  await new Promise((resolve) => setTimeout(resolve, 300))
  lookups.open()
  await ben.sees(ada, 'still there?')
})

test('a stranger gets neither an answer nor a text onto the screen', async () => {
  let isReachable = false
  let deposits = 0
  const bens = (relay: Relay): Relay => ({
    ...hostile(relay, {}),
    knock: (...args) =>
      isReachable ? relay.knock(...args) : Promise.resolve(err(failure('RELAY_UNREACHABLE'))),
  })
  const adas = (relay: Relay): Relay => ({
    ...hostile(relay, {}),
    deposit: (...args) => {
      deposits += 1
      return relay.deposit(...args)
    },
  })
  const ada = await scenario.person('ada', { wrapRelay: adas })
  const ben = await scenario.person('ben', { wrapRelay: bens })
  valueOf(await ben.client.addContact(ada.address))
  await ben.close()
  const { store } = await storeOf(ben)
  const [contact] = store.contacts.list()
  if (contact === undefined) throw new Error('ben has no contact')
  store.outbox.removeForContact(contact.id)
  store.outbox.add({
    envelopeId: randomBytes(16),
    contactId: contact.id,
    deviceId: 1,
    messageSeq: null,
    content: encodeContent({
      sentAtMs: Date.now(),
      resendRequest: { envelopeIds: [randomBytes(16)], nothingToResend: [] },
      text: { messageId: randomBytes(16), text: 'read this' },
    }),
    envelope: null,
    awaitsReceipt: false,
    createdAtMs: Date.now(),
  })
  store.close()
  isReachable = true
  await ben.open()
  await eventually('the request arrives', () => ada.knows(ben))
  await ada.client.whenSettled()
  expect(deposits).toBe(0)
  expect(ada.texts(ben)).toEqual([])
})

test('authors who cannot be looked up do not keep out a new one', async () => {
  const caught: IncomingEnvelope[] = []
  const wrapRelay = (relay: Relay): Relay =>
    hostile(relay, {
      envelope: (incoming) => {
        caught.push(incoming)
        return []
      },
    })
  const ada = await scenario.person('ada', { wrapRelay })
  const ben = await scenario.person('ben')
  valueOf(await ben.client.addContact(ada.address))
  await eventually('the request is caught', () => caught.length > 0)
  await ada.close()
  const parts = ada.parts()
  const { store, keys } = await storeOf(ada)
  const context = new Context({ ...parts, store, keys, random: randomBytes })
  for (let i = 0; i < 200; i++) {
    store.inbox.hold({
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
  expect(receiveBatch(context, caught.slice(0, 1))).toMatchObject({ lookups: true })
  const held = store.inbox.listHeld('pending')
  expect(held).toHaveLength(200)
  expect(held.at(-1)?.relayedAtMs).toBe(caught[0]?.relayedAtMs)
  store.close()
  await parts.relay.close()
})
