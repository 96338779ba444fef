import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { MessageSeq } from '#core/model.ts'
import type { IncomingEnvelope, Relay } from '#core/ports.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { flipBit, hostile, type Mischief } from '#test/helpers/hostile-relay.ts'
import { Scenario } from '#test/helpers/scenario.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

let scenario: Scenario
let mischief: Mischief
const options = { wrapRelay: (relay: Relay) => hostile(relay, mischief) }
beforeEach(async () => {
  mischief = {}
  scenario = await Scenario.start()
})
afterEach(() => scenario.close())

describe('a hostile relay', () => {
  test.each([0, 15, 800, 2_000, 4_000])(
    'that flips bit %i of a message is noticed, and the message is asked for again',
    async (bit) => {
      const [ada, ben] = await scenario.friends('ada', 'ben', [options])
      ben.write(ada, 'first')
      await ada.sees(ben, 'first')
      ada.write(ben, 'answer')
      await ben.sees(ada, 'answer')
      await ada.showsState(ben, 'answer', 'delivered')

      let flips = 1
      mischief.envelope = (incoming) => (flips-- > 0 ? [flipBit(incoming, bit)] : [incoming])
      ben.write(ada, 'tampered with')
      await ada.sees(ben, 'tampered with')
      expect(ada.texts(ben).filter((text) => text === 'them: tampered with')).toHaveLength(1)
      await eventually('no placeholder is left', () => {
        return !ada.messages(ben).some(({ kind }) => kind === 'unreadable')
      })
      ben.write(ada, 'and on')
      await ada.sees(ben, 'and on')
    },
  )

  test('that changes a message whose placeholder is read before it is repaired makes it no less new', async () => {
    const [ada, ben] = await scenario.friends('ada', 'ben', [options])
    ben.write(ada, 'first')
    await ada.sees(ben, 'first')
    let flips = 1
    mischief.envelope = (incoming) => (flips-- > 0 ? [flipBit(incoming, 800)] : [incoming])
    const added: string[] = []
    ada.client.events.on('messages.added', (messages) => {
      for (const { kind, seq, text } of messages) {
        if (kind === 'text') added.push(text)
        if (kind === 'unreadable') {
          valueOf(ada.client.markRead(ada.conversationId(ben), seq as MessageSeq))
        }
      }
    })
    ben.write(ada, 'tampered with')
    const { seq } = await ada.sees(ben, 'tampered with')
    expect(added).toEqual(['tampered with'])
    expect(ada.conversationWith(ben).unreadCount).toBe(1)
    const unread = valueOf(
      ada.client.pageOfMessages(ada.conversationId(ben), { kind: 'first-unread' }, 10),
    )
    expect(unread.firstUnreadSeq).toBe(seq)
    expect(ada.texts(ben)).toEqual(['them: first', 'them: tampered with'])
    expect(ada.messages(ben).some(({ kind }) => kind === 'unreadable')).toBe(false)
    const found = ada.client.searchMessages({
      text: 'tampered',
      conversationId: null,
      beforeSeq: null,
      limit: 10,
    })
    expect(found).toHaveLength(1)
    valueOf(ada.client.markRead(ada.conversationId(ben), seq as MessageSeq))
    await ben.showsState(ada, 'tampered with', 'read')
  })

  test('that replays envelopes, as they were or under new ids, changes nothing', async () => {
    const [ada, ben] = await scenario.friends('ada', 'ben', [options])
    const seen: IncomingEnvelope[] = []
    mischief.envelope = (incoming) => {
      seen.push(incoming)
      const replays = seen.flatMap((old) => [old, { ...old, envelopeId: randomBytes(16) }])
      return [incoming, ...replays.map((old) => ({ ...old, relaySeq: incoming.relaySeq }))]
    }
    for (let i = 0; i < 5; i++) {
      ben.write(ada, `message ${i}`)
      await ada.sees(ben, `message ${i}`)
    }
    expect(ada.messages(ben).filter(({ kind }) => kind === 'unreadable')).toEqual([])
    expect(ada.texts(ben)).toEqual([0, 1, 2, 3, 4].map((i) => `them: message ${i}`))
  })

  test('that reorders messages loses none of them', async () => {
    const [ada, ben] = await scenario.friends('ada', 'ben', [options])
    ben.write(ada, 'hi')
    await ada.sees(ben, 'hi')
    const kept: IncomingEnvelope[] = []
    mischief.envelope = (incoming) => {
      // A receipt may be among the ten: then the last message comes in its turn.
      if (kept.length === 10) return [incoming]
      kept.push(incoming)
      if (kept.length < 10) return []
      return kept.toReversed().map((old) => ({ ...old, relaySeq: incoming.relaySeq }))
    }
    for (let i = 0; i < 10; i++) ben.write(ada, `m${i}`)
    await ada.sees(ben, 'm0')
    await ada.sees(ben, 'm9')
    expect(new Set(ada.texts(ben))).toEqual(
      new Set(['them: hi', ...Array.from({ length: 10 }, (_, i) => `them: m${i}`)]),
    )
  })

  test('that shows other keys than the invite link carries is refused', async () => {
    const ada = await scenario.person('ada')
    const mallory = await scenario.person('mallory')
    const { link } = valueOf(await ada.client.createInvite())
    const other = await scenario.person('other', options)
    mischief.identity = (identity) => ({ ...identity, signingKey: mallorysKey })
    const mallorysKey = Uint8Array.from(
      valueOf(await mallory.parts().relay.fetchIdentity(scenario.host, 'mallory')).signingKey,
    )
    expect(codeOf(await other.client.addContact(link))).toBe('RELAY_DISTRUSTED')
  })

  test("that puts an invite's label on a stranger's knock does not make them a contact", async () => {
    const ada = await scenario.person('ada', options)
    const { link } = valueOf(await ada.client.createInvite())
    const stranger = await scenario.person('stranger')
    const guest = await scenario.person('guest')
    // The guest's first envelope, which is held back, shows the relay which label the invite has.
    const invited = new Promise<IncomingEnvelope>((resolve) => {
      mischief.envelope = (incoming) => {
        resolve(incoming)
        return []
      }
    })
    valueOf(await guest.client.addContact(link))
    const first = await invited
    mischief.envelope = (incoming) => [{ ...incoming, label: first.label }]
    valueOf(await stranger.client.addContact(ada.address))
    await eventually('the stranger is there', () => ada.knows(stranger))
    expect(ada.contact(stranger).relation).toBe('request-in')

    // The invite is still good for whoever has the link.
    mischief.envelope = (incoming) => [{ ...first, relaySeq: incoming.relaySeq }, incoming]
    guest.write(ada, 'here I am')
    await ada.sees(guest, 'here I am')
    expect(ada.contact(guest).relation).toBe('accepted')
  })

  test('that fills the stream with rubbish is survived', async () => {
    const [ada, ben] = await scenario.friends('ada', 'ben', [options])
    ben.write(ada, 'hi')
    await ada.sees(ben, 'hi')
    mischief.envelope = (incoming) => [
      { ...incoming, envelopeId: randomBytes(16), envelope: randomBytes(500) },
      { ...incoming, envelopeId: randomBytes(16), envelope: new Uint8Array(0) },
      { ...incoming, envelopeId: randomBytes(16), label: randomBytes(16) },
      incoming,
    ]
    ben.write(ada, 'still here')
    await ada.sees(ben, 'still here')
  })
})

test('a stranger cannot make a client ask a host in its own network', async () => {
  const inside = await scenario.addRelay()
  const ada = await scenario.person('ada', options)
  // Ada's relay counts as a public one here, the stranger's as one in her network.
  mischief.isPrivate = (host) => host === inside
  let asked = 0
  mischief.identity = (identity) => {
    asked++
    return identity
  }
  const stranger = await scenario.person('stranger', { host: inside })
  valueOf(await stranger.client.addContact(ada.address))
  const known = await scenario.person('known')
  valueOf(await known.client.addContact(ada.address))
  await eventually('another stranger is let in', () => ada.knows(known))
  expect(ada.knows(stranger)).toBe(false)
  expect(asked).toBe(1)
})

describe('changed keys', () => {
  test('stop sending until the user has looked at them', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'it is me')
    await ada.sees(ben, 'it is me')
    valueOf(ada.client.setVerified(ada.contactId(ben), true))

    // Ben loses everything and registers the same name anew, with other keys.
    valueOf(await ben.client.deleteAccount(ben.address))
    const newBen = await scenario.person('ben')
    ada.write(newBen, 'are you still you?')
    await eventually('ada is warned', () => ada.contact(newBen).identityChanged)
    expect(ada.writeRefused(newBen, 'no')).toBe('CONTACT_IDENTITY_CHANGED')
    expect(codeOf(ada.client.setVerified(ada.contactId(newBen), true))).toBe(
      'CONTACT_IDENTITY_CHANGED',
    )

    ada.acceptKeys(newBen)
    expect(ada.contact(newBen)).toMatchObject({ identityChanged: false, verifiedAtMs: null })
    await eventually('the new ben is asked', () => newBen.knows(ada))
    valueOf(newBen.client.acceptContact(newBen.contactId(ada)))
    await newBen.sees(ada, 'are you still you?')
    newBen.write(ada, 'new laptop')
    await ada.sees(newBen, 'new laptop')
  })

  test('that change once more while the user looks at them are to be looked at again', async () => {
    const [ada, ben] = await scenario.friends('ada', 'ben')
    ben.write(ada, 'hi')
    await ada.sees(ben, 'hi')
    valueOf(await ben.client.deleteAccount(ben.address))
    const second = await scenario.person('ben')
    ada.write(second, 'still you?')
    await eventually('ada is warned', () => ada.contact(second).identityChanged)
    const looked = valueOf(ada.client.safetyNumber(ada.contactId(second)))

    valueOf(await second.client.deleteAccount(second.address))
    const third = await scenario.person('ben')
    expect(codeOf(await ada.client.addContact(third.address))).toBe('CONTACT_IDENTITY_CHANGED')
    const refused = ada.client.acceptIdentity(ada.contactId(third), looked.fingerprint)
    expect(codeOf(refused)).toBe('CONTACT_IDENTITY_CHANGED')
    expect(ada.contact(third).identityChanged).toBe(true)
    ada.acceptKeys(third)
    await eventually('the newest ben is asked', () => third.knows(ada))
  })

  test('are noticed when the other side writes first', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'hi')
    await ada.sees(ben, 'hi')
    valueOf(await ben.client.deleteAccount(ben.address))
    const newBen = await scenario.person('ben')
    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await newBen.client.addContact(link))
    newBen.write(ada, 'new phone')
    await eventually('ada is warned', () => ada.contact(newBen).identityChanged)
    expect(ada.texts(newBen)).toEqual(['them: hi'])
    ada.acceptKeys(newBen)
    await ada.sees(newBen, 'new phone')
    ada.write(newBen, 'nice')
    await newBen.sees(ada, 'nice')
  })
})

describe('inspecting a message', () => {
  test('shows what the relay stored, and that any flipped bit is noticed', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'look at me')
    const message = await ada.sees(ben, 'look at me')
    const inspected = valueOf(ada.client.inspectMessage(message.seq as never))
    expect(inspected).toMatchObject({ direction: 'in' })
    expect(inspected.envelopeHex).toHaveLength(2 * inspected.sizeBytes)
    const covered = inspected.parts.reduce((sum, { length }) => sum + length, 0)
    expect(covered).toBe(inspected.sizeBytes)
    for (const bit of [0, 9, 100, 8 * inspected.sizeBytes - 1, 123_456]) {
      const tampered = valueOf(ada.client.tamperWithMessage(message.seq as never, bit))
      expect(tampered).toMatchObject({ originalOpens: true, alteredOpens: false })
    }
    const sent = ben.messages(ada).find(({ text }) => text === 'look at me')
    const own = valueOf(ben.client.inspectMessage(sent?.seq as never))
    expect(own.envelopeHex).toBe(inspected.envelopeHex)
  })
})
