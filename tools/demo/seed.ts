import { createProfileFolder } from '#cli/open-profile.ts'
import { makeKeychain } from '#keychain/profile-keychain.ts'
import type { Client } from '#core/client.ts'
import type { ConversationId, MessageSeq } from '#core/model.ts'
import type { Log } from '#core/ports.ts'
import { ERRORS, type Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import type { ConversationView } from '#shared/views.ts'
import type { DemoFolder } from './folder.ts'
import { DIALOGUE, PEOPLE, type PersonName } from './people.ts'

const PATIENCE_MS = 20_000
const PAUSE_MS = 25

const silent: Log = { info() {}, warn() {}, error() {} }

/**
 * Makes the accounts, lets one add the other by invite link, and has them write to each other through the relay: two
 * real clients, without their windows.
 * @param passphrase - of their vaults; `null` where a keychain keeps their keys
 */
export async function seedConversation(
  folder: DemoFolder,
  relayUrl: string,
  passphrase: string | null,
): Promise<void> {
  const opened = await Promise.all(
    PEOPLE.map(async (name) => {
      const access = { folder: folder.profile(name), passphrase, log: silent, makeKeychain }
      const profile = expectOk(
        await createProfileFolder(access, {
          relay: new URL(relayUrl).host,
          name: name.toLowerCase(),
          displayName: name,
          inviteCode: null,
        }),
      )
      profile.client.start()
      return [name, profile] as const
    }),
  )
  const profiles = new Map(opened)
  const clientOf = (name: PersonName): Client => {
    const profile = profiles.get(name)
    if (profile === undefined) throw new TypeError(`${name} takes no part`)
    return profile.client
  }
  try {
    const [host, guest] = PEOPLE
    const invite = await until('a relay that answers', async () => {
      const made = await clientOf(host).createInvite()
      return made.ok ? made.value : null
    })
    expectOk(await clientOf(guest).addContact(invite.link))
    for (const [from, text] of DIALOGUE) {
      await say(clientOf(from), clientOf(from === host ? guest : host), text)
    }
    for (const name of PEOPLE) await clientOf(name).whenSettled()
  } finally {
    for (const profile of profiles.values()) await profile.close()
  }
}

/** Sends a text once the contact is ready for it, and waits until it is there and, but for the last, read. */
async function say(sender: Client, receiver: Client, text: string): Promise<void> {
  const conversation = await until('a contact', () => accepted(sender))
  expectOk(sender.sendMessage(conversation.id as ConversationId, text, null))
  const received = await until('a message', () => {
    const [found] = receiver.listConversations()
    return found?.lastMessage?.text === text ? found : null
  })
  const seq = received.lastMessage?.seq
  if (seq === undefined || text === DIALOGUE.at(-1)?.[1]) return
  expectOk(receiver.markRead(received.id as ConversationId, seq as MessageSeq))
}

function accepted(client: Client): ConversationView | null {
  const [conversation] = client.listConversations()
  return conversation?.contact.relation === 'accepted' ? conversation : null
}

async function until<T>(what: string, look: () => T | null | Promise<T | null>): Promise<T> {
  for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs;) {
    const found = await look()
    if (found !== null) return found
    await new Promise((settle) => setTimeout(settle, PAUSE_MS))
  }
  throw new Error(`The demo waited in vain for ${what}.`)
}

function expectOk<T>(result: Result<T, Failure>): T {
  if (result.ok) return result.value
  throw new Error(ERRORS[result.error.code].message)
}
