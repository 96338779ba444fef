import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MessageSeq } from '#core/model.ts'
import type { Relay } from '#core/ports.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeContent } from '#protocol/content.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { hostile, type Mischief } from '#test/helpers/hostile-relay.ts'
import { Scenario, type Person } from '#test/helpers/scenario.ts'
import { storeOf } from '#test/helpers/store-of.ts'
import { valueOf } from '#test/helpers/value-of.ts'

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start()
})
afterEach(() => scenario.close())

function envelopeIdOf(writer: Person, seq: number): string {
  return valueOf(writer.client.inspectMessage(seq as MessageSeq)).envelopeId
}

/** Has somebody ask a contact for an envelope, whatever they have of it; what is written afterwards has arrived. */
async function askAgain(asker: Person, contact: Person, envelopeId: string): Promise<void> {
  const contactId = asker.contactId(contact)
  await asker.close()
  const { store } = await storeOf(asker)
  store.outbox.add({
    envelopeId: randomBytes(16),
    contactId,
    deviceId: 1,
    messageSeq: null,
    content: encodeContent({
      sentAtMs: Date.now(),
      resendRequest: { envelopeIds: [Buffer.from(envelopeId, 'hex')], nothingToResend: [] },
    }),
    envelope: null,
    awaitsReceipt: false,
    createdAtMs: Date.now(),
  })
  store.close()
  await asker.open()
  asker.write(contact, 'asked')
  await contact.sees(asker, 'asked')
  contact.write(asker, 'answered')
  await asker.sees(contact, 'answered')
}

test('a message that has arrived is not sent again', async () => {
  const [ada, ben] = await scenario.friends()
  ben.write(ada, 'hi')
  await ada.sees(ben, 'hi')
  const { seq } = ada.write(ben, 'for you')
  await ada.showsState(ben, 'for you', 'delivered')
  const envelopeId = envelopeIdOf(ada, seq)
  await askAgain(ben, ada, envelopeId)
  expect(envelopeIdOf(ada, seq)).toBe(envelopeId)
})

test('what was sent to the old keys of a contact is not sent to the new ones', async () => {
  const mischief: Mischief = {}
  const wrapRelay = (relay: Relay): Relay => hostile(relay, mischief)
  const [ada, ben] = await scenario.friends('ada', 'ben', [{}, { wrapRelay }])
  ben.write(ada, 'hi')
  await ada.sees(ben, 'hi')
  // It never arrives, so that there is no receipt.
  mischief.envelope = () => []
  const { seq } = ada.write(ben, 'for you alone')
  await ada.showsState(ben, 'for you alone', 'sent')
  const envelopeId = envelopeIdOf(ada, seq)

  valueOf(await ben.client.deleteAccount(ben.address))
  const newBen = await scenario.person('ben')
  const { link } = valueOf(await ada.client.createInvite())
  valueOf(await newBen.client.addContact(link))
  newBen.write(ada, 'new phone')
  await eventually('ada is warned', () => ada.contact(newBen).identityChanged)
  ada.acceptKeys(newBen)
  await ada.sees(newBen, 'new phone')
  await askAgain(newBen, ada, envelopeId)
  expect(newBen.texts(ada)).not.toContain('them: for you alone')
  expect(valueOf(ada.client.inspectMessage(seq as MessageSeq)).envelopeHex).not.toBeNull()
})
