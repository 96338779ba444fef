import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ContactId } from '#core/model.ts'
import { decodeInviteLink } from '#protocol/invite-link.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { Scenario, type Person } from '#test/helpers/scenario.ts'
import { storeOf } from '#test/helpers/store-of.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start()
})
afterEach(() => scenario.close())

describe('two people', () => {
  test('chat both ways after one has added the other by link, verified at once', async () => {
    const [ada, ben] = await scenario.friends()
    expect(ben.contact(ada)).toMatchObject({ relation: 'accepted', displayName: '' })
    expect(ben.contact(ada).verifiedAtMs).not.toBeNull()
    expect(ada.contact(ben)).toMatchObject({ relation: 'accepted', verifiedAtMs: null })

    ben.write(ada, 'hello Ada')
    await ada.sees(ben, 'hello Ada')
    ada.write(ben, 'hello Ben 👋')
    await ben.sees(ada, 'hello Ben 👋')
    ben.write(ada, 'how are you?')
    await ada.sees(ben, 'how are you?')

    await ben.showsState(ada, 'how are you?', 'delivered')
    await ada.showsState(ben, 'hello Ben 👋', 'delivered')
    const names = () => [ada.contact(ben).title, ben.contact(ada).title]
    await eventually('both know the names', () => names().join() === 'Ben,Ada')
    expect(ada.texts(ben)).toEqual(['them: hello Ada', 'me: hello Ben 👋', 'them: how are you?'])
  })

  test('see what was read, where the reader lets them', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'one')
    const seen = await ada.sees(ben, 'one')
    expect(ada.conversationWith(ben).unreadCount).toBe(1)
    valueOf(ada.client.markRead(ada.conversationId(ben), seen.seq as never))
    expect(ada.conversationWith(ben).unreadCount).toBe(0)
    await ben.showsState(ada, 'one', 'read')

    ada.client.updateSettings({ readReceipts: false })
    ben.write(ada, 'two')
    const second = await ada.sees(ben, 'two')
    valueOf(ada.client.markRead(ada.conversationId(ben), second.seq as never))
    await ben.showsState(ada, 'two', 'delivered')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(ben.messages(ada).find(({ text }) => text === 'two')?.state).toBe('delivered')
  })

  test('answer a certain message', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'tea or coffee?')
    const question = await ada.sees(ben, 'tea or coffee?')
    const id = ada.conversationId(ben)
    valueOf(ada.client.sendMessage(id, 'tea', question.seq as never))
    const answer = await ben.sees(ada, 'tea')
    const original = ben.messages(ada).find(({ text }) => text === 'tea or coffee?')
    expect(answer.replyTo).toEqual({
      seq: original?.seq,
      author: 'me',
      excerpt: 'tea or coffee?',
    })
  })

  test('go on after both were closed, with their history', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'before')
    await ada.sees(ben, 'before')
    await ada.close()
    await ben.close()
    await ada.open()
    await ben.open()
    ada.write(ben, 'after')
    await ben.sees(ada, 'after')
    expect(ben.texts(ada)).toEqual(['me: before', 'them: after'])
  })

  test('get what was written while they were away', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'hi')
    await ada.sees(ben, 'hi')
    await ada.close()
    const written = Array.from({ length: 30 }, (_, i) => `while away ${i}`)
    for (const text of written) ben.write(ada, text)
    await ben.showsState(ada, 'while away 29', 'sent')
    await ada.open()
    await ada.sees(ben, 'while away 29')
    expect(ada.texts(ben)).toEqual(['them: hi', ...written.map((text) => `them: ${text}`)])
  })

  test('write while the relay is down; everything arrives once it is back', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'hi')
    await ada.sees(ben, 'hi')
    const { restart } = await scenario.stopRelay()
    ben.write(ada, 'offline 1')
    ada.write(ben, 'offline 2')
    expect(ben.messages(ada).at(-1)?.state).toBe('waiting')
    await eventually('ben is told', () => ben.client.connection().state === 'offline')
    expect(ben.client.connection()).toMatchObject({ code: 'RELAY_UNREACHABLE', waitingCount: 1 })
    await restart()
    await ada.sees(ben, 'offline 1')
    await ben.sees(ada, 'offline 2')
    await ben.showsState(ada, 'offline 1', 'delivered')
  })

  test('on different relays talk like on one', async () => {
    const host = await scenario.addRelay()
    const [ada, ben] = await scenario.friends('ada', 'ben', [{}, { host }])
    ben.write(ada, 'from elsewhere')
    await ada.sees(ben, 'from elsewhere')
    ada.write(ben, 'welcome')
    await ben.sees(ada, 'welcome')
  })

  test('keep the order of a long, fast exchange', async () => {
    const [ada, ben] = await scenario.friends()
    const fromAda = Array.from({ length: 100 }, (_, i) => `a${i}`)
    const fromBen = Array.from({ length: 100 }, (_, i) => `b${i}`)
    for (let i = 0; i < 100; i++) {
      ada.write(ben, `a${i}`)
      ben.write(ada, `b${i}`)
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await ben.sees(ada, 'a99')
    await ada.sees(ben, 'b99')
    const theirs = (texts: string[]) =>
      texts.filter((t) => t.startsWith('them: ')).map((t) => t.slice(6))
    expect(theirs(ben.texts(ada))).toEqual(fromAda)
    expect(theirs(ada.texts(ben))).toEqual(fromBen)
  })

  test('who both begin at once end up on one session', async () => {
    const ada = await scenario.person('ada')
    const ben = await scenario.person('ben')
    const adas = valueOf(await ada.client.createInvite()).link
    const bens = valueOf(await ben.client.createInvite()).link
    await Promise.all([ada.client.addContact(bens), ben.client.addContact(adas)])
    ada.write(ben, 'ada first')
    ben.write(ada, 'ben first')
    await ben.sees(ada, 'ada first')
    await ada.sees(ben, 'ben first')
    for (let i = 0; i < 5; i++) {
      ada.write(ben, `ada ${i}`)
      await ben.sees(ada, `ada ${i}`)
      ben.write(ada, `ben ${i}`)
      await ada.sees(ben, `ben ${i}`)
    }
    const unreadable = [...ada.messages(ben), ...ben.messages(ada)].filter(
      ({ kind }) => kind === 'unreadable',
    )
    expect(unreadable).toEqual([])
  })
})

describe('a request', () => {
  test('carries no text, and what was written arrives once it is accepted', async () => {
    const ada = await scenario.person('ada')
    const ben = await scenario.person('ben')
    valueOf(await ben.client.addContact(ada.address))
    expect(ben.contact(ada).relation).toBe('request-out')
    ben.write(ada, 'are you there?')
    await eventually('the request arrives', () => ada.knows(ben))
    expect(ada.contact(ben).relation).toBe('request-in')
    await eventually('with the name', () => ada.contact(ben).displayName === 'Ben')
    expect(ada.texts(ben)).toEqual([])
    expect(ben.messages(ada).at(-1)?.state).toBe('waiting')

    valueOf(ada.client.acceptContact(ada.contactId(ben)))
    await ada.sees(ben, 'are you there?')
    await eventually('ben is told', () => ben.contact(ada).relation === 'accepted')
    ada.write(ben, 'yes')
    await ben.sees(ada, 'yes')
  })

  test('is accepted by writing back', async () => {
    const ada = await scenario.person('ada')
    const ben = await scenario.person('ben')
    valueOf(await ben.client.addContact(ada.address))
    await eventually('the request arrives', () => ada.knows(ben))
    ada.write(ben, 'what is it?')
    expect(ada.contact(ben).relation).toBe('accepted')
    await ben.sees(ada, 'what is it?')
    ben.write(ada, 'a question')
    await ada.sees(ben, 'a question')
  })

  test('can be declined without a trace, and does not come back by itself', async () => {
    const ada = await scenario.person('ada')
    const ben = await scenario.person('ben')
    valueOf(await ben.client.addContact(ada.address))
    await eventually('the request arrives', () => ada.knows(ben))
    valueOf(ada.client.removeContact(ada.contactId(ben)))
    expect(ada.client.listConversations()).toEqual([])
  })

  test('is not wanted where only links are taken', async () => {
    const ada = await scenario.person('ada')
    const ben = await scenario.person('ben')
    ada.client.updateSettings({ whoMayWrite: 'links-only' })
    valueOf(await ben.client.addContact(ada.address))
    const carol = await scenario.person('carol')
    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await carol.client.addContact(link))
    await eventually('the invited one arrives', () => ada.knows(carol))
    expect(ada.knows(ben)).toBe(false)
  })

  test('needs no answer once the one who asked comes with an invite link', async () => {
    const ada = await scenario.person('ada')
    const ben = await scenario.person('ben')
    valueOf(await ben.client.addContact(ada.address))
    await eventually('the request arrives', () => ada.knows(ben))
    expect(ada.contact(ben).relation).toBe('request-in')
    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await ben.client.addContact(link))
    ben.write(ada, 'now by link')
    await ada.sees(ben, 'now by link')
    expect(ada.contact(ben).relation).toBe('accepted')
    ada.write(ben, 'welcome')
    await ben.sees(ada, 'welcome')
  })

  test.each([
    ['accepted', (by: Person, id: ContactId) => [by.client.acceptContact(id)]],
    [
      'blocked and unblocked',
      (by: Person, id: ContactId) => [by.client.blockContact(id), by.client.unblockContact(id)],
    ],
  ])('is what the second user of a link makes, whose texts arrive once %s', async (_, accept) => {
    const ada = await scenario.person('ada')
    const [ben, eve] = [await scenario.person('ben'), await scenario.person('eve')]
    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await ben.client.addContact(link))
    await eventually('the first is there', () => ada.knows(ben))
    valueOf(await eve.client.addContact(link))
    eve.write(ada, 'it is me')
    eve.write(ada, 'eve')
    await eve.showsState(ada, 'eve', 'sent')
    await eventually('the request arrives', () => ada.knows(eve))
    await ada.client.whenSettled()
    expect(ada.contact(eve).relation).toBe('request-in')
    expect(ada.texts(eve)).toEqual([])
    expect(eve.messages(ada).at(-1)?.state).toBe('sent')

    for (const done of accept(ada, ada.contactId(eve))) valueOf(done)
    await ada.sees(eve, 'it is me')
    await ada.sees(eve, 'eve')
    await eve.showsState(ada, 'it is me', 'delivered')
    await eve.showsState(ada, 'eve', 'delivered')
  })

  test.each([
    ['nobody@RELAY', 'ACCOUNT_UNKNOWN'],
    ['nonsense', 'ADDRESS_INVALID'],
    ['sotto://add?v=1', 'LINK_INVALID'],
    ['ada@RELAY', 'CONTACT_OWN_ADDRESS'],
  ])('to %s is refused with %s', async (typed, code) => {
    const ada = await scenario.person('ada')
    expect(codeOf(await ada.client.addContact(typed.replace('RELAY', scenario.host)))).toBe(code)
  })
})

describe('a contact that is removed', () => {
  test('does not come back by the link it came by, but has to ask', async () => {
    const [ada, ben] = [await scenario.person('ada'), await scenario.person('ben')]
    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await ben.client.addContact(link))
    await eventually('ben is there', () => ada.knows(ben))
    expect(ada.contact(ben).relation).toBe('accepted')
    valueOf(ada.client.removeContact(ada.contactId(ben)))
    await ada.client.whenSettled()

    valueOf(ben.client.removeContact(ben.contactId(ada)))
    valueOf(await ben.client.addContact(link))
    await eventually('ben asks', () => ada.knows(ben))
    expect(ada.contact(ben).relation).toBe('request-in')
  })
})

/** Both have a token of the other's: the invite is not needed any more. */
async function haveTokens(inviting: Person, invited: Person): Promise<void> {
  await inviting.client.whenSettled()
  inviting.write(invited, 'hi')
  await invited.sees(inviting, 'hi')
  invited.write(inviting, 'hello')
  await invited.showsState(inviting, 'hello', 'delivered')
}

describe('a contact that was removed', () => {
  test('is there again by a new link', async () => {
    const [ada, ben] = await scenario.friends()
    await haveTokens(ada, ben)
    valueOf(ada.client.removeContact(ada.contactId(ben)))
    await ada.client.whenSettled()
    ben.write(ada, 'are you there?')
    await ben.showsState(ada, 'are you there?', 'failed')

    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await ben.client.addContact(link))
    await eventually('ada has ben again', () => ada.knows(ben))
    expect(ada.contact(ben).relation).toBe('accepted')
    ben.write(ada, 'here I am')
    await ada.sees(ben, 'here I am')
    ada.write(ben, 'welcome back')
    await ben.sees(ada, 'welcome back')
    await ben.showsState(ada, 'here I am', 'delivered')
  })

  test('gets its token anew where it has lost it, and comes by a link', async () => {
    const [ada, ben] = await scenario.friends()
    await haveTokens(ada, ben)
    const { link } = valueOf(await ada.client.createInvite())
    const invite = decodeInviteLink(link)
    if (invite === null) throw new Error('no link')
    const id = ben.contactId(ada)
    await ben.close()
    const { store } = await storeOf(ben)
    for (const session of store.sessions.list(id)) store.sessions.remove(session.id)
    store.contacts.update(id, { outboundToken: invite.token, outboundTokenKind: 'invite' })
    store.close()
    await ben.open()
    ben.write(ada, 'by the link')
    await ada.sees(ben, 'by the link')
    await ben.showsState(ada, 'by the link', 'delivered')
    await ben.close()
    const { store: after } = await storeOf(ben)
    expect(after.contacts.get(id)).toMatchObject({ outboundTokenKind: 'grant' })
    after.close()
    await ben.open()
  })

  test('is not asked again by a link that it did not need', async () => {
    const [ada, ben] = await scenario.friends()
    await haveTokens(ada, ben)
    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await ben.client.addContact(link))
    await ben.client.whenSettled()
    valueOf(ada.client.removeContact(ada.contactId(ben)))
    await ada.client.whenSettled()
    ben.write(ada, 'are you there?')
    await ben.showsState(ada, 'are you there?', 'failed')
    expect(ada.knows(ben)).toBe(false)
  })
})

describe('a blocked contact', () => {
  test('cannot be heard any more, and can again when unblocked', async () => {
    const [ada, ben] = await scenario.friends()
    ben.write(ada, 'hi')
    await ada.sees(ben, 'hi')
    await ben.showsState(ada, 'hi', 'delivered')
    valueOf(ada.client.blockContact(ada.contactId(ben)))
    expect(ada.writeRefused(ben, 'no')).toBe('CONTACT_BLOCKED')
    await new Promise((resolve) => setTimeout(resolve, 300))
    ben.write(ada, 'blocked?')
    await ben.showsState(ada, 'blocked?', 'failed')
    expect(ada.texts(ben)).toEqual(['them: hi'])

    valueOf(ada.client.unblockContact(ada.contactId(ben)))
    ada.write(ben, 'sorry')
    await ben.sees(ada, 'sorry')
    ben.write(ada, 'never mind')
    await ada.sees(ben, 'never mind')
  })

  test('keeps out nobody else who has the link that it came by', async () => {
    const [ada, ben] = [await scenario.person('ada'), await scenario.person('ben')]
    const { link } = valueOf(await ada.client.createInvite())
    valueOf(await ben.client.addContact(link))
    await eventually('ben is there', () => ada.knows(ben))
    valueOf(ada.client.blockContact(ada.contactId(ben)))
    const eve = await scenario.person('eve')
    valueOf(await eve.client.addContact(link))
    await eventually('the request arrives', () => ada.knows(eve))
    expect(ada.contact(eve).relation).toBe('request-in')
  })
})

describe('who blocks somebody that has not answered yet', () => {
  test('sees what waited as failed, and can ask again', async () => {
    const ada = await scenario.person('ada')
    const ben = await scenario.person('ben')
    valueOf(await ben.client.addContact(ada.address))
    const waiting = ben.write(ada, 'hello?')
    await eventually('the request arrives', () => ada.knows(ben))
    valueOf(ben.client.blockContact(ben.contactId(ada)))
    expect(ben.messages(ada).find(({ text }) => text === 'hello?')).toMatchObject({
      state: 'failed',
      errorCode: 'CONTACT_BLOCKED',
    })
    valueOf(ada.client.acceptContact(ada.contactId(ben)))
    await new Promise((resolve) => setTimeout(resolve, 300))

    valueOf(ben.client.unblockContact(ben.contactId(ada)))
    expect(ben.contact(ada).relation).toBe('request-out')
    valueOf(ben.client.retryMessage(waiting.seq as never))
    ada.write(ben, 'yes')
    await ada.sees(ben, 'hello?')
  })
})

describe('the safety number', () => {
  test('is the same on both sides, and its QR code verifies', async () => {
    const [ada, ben] = await scenario.friends()
    const adas = valueOf(ada.client.safetyNumber(ada.contactId(ben)))
    const bens = valueOf(ben.client.safetyNumber(ben.contactId(ada)))
    expect(adas.groups).toEqual(bens.groups)
    expect(adas.groups).toHaveLength(12)
    expect(valueOf(ada.client.compareQr(ada.contactId(ben), bens.qr))).toEqual({ match: true })
    expect(ada.contact(ben).verifiedAtMs).not.toBeNull()
    valueOf(ada.client.setVerified(ada.contactId(ben), false))
    expect(ada.contact(ben).verifiedAtMs).toBeNull()
    expect(valueOf(ada.client.compareQr(ada.contactId(ben), adas.qr))).toEqual({ match: false })
    expect(ada.contact(ben).verifiedAtMs).toBeNull()
  })
})
