import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConversationView, MessageView } from '#shared/views.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { copyDatabase, putBack } from '#test/helpers/relay-backup.ts'
import { ClientProcess, RelayProcess } from './processes.ts'
import { writeUnlimited } from './unlimited.ts'

/** The relay tells the file beside its database this often how far it is. */
const NOTED_AFTER_MS = 3_000
const PATIENCE_MS = 90_000
const MESSAGES = 20

async function messagesOf(client: ClientProcess): Promise<MessageView[]> {
  const [conversation] = await client.peer.call<ConversationView[]>('conversations.list')
  const page = await client.peer.call<{ messages: MessageView[] }>('messages.page', {
    conversationId: conversation?.id,
    position: { kind: 'newest' },
    limit: 200,
  })
  return page.messages.filter(({ kind }) => kind !== 'notice')
}

async function write(client: ClientProcess, prefix: string): Promise<void> {
  const [conversation] = await client.peer.call<ConversationView[]>('conversations.list')
  for (let number = 0; number < MESSAGES; number++) {
    const text = `${prefix} ${number}`
    const input = { conversationId: conversation?.id, text, replyToSeq: null }
    await client.peer.call('messages.send', input)
  }
}

async function allAre(client: ClientProcess, states: readonly string[]): Promise<boolean> {
  const own = (await messagesOf(client)).filter(({ author }) => author === 'me')
  return own.every(({ state }) => states.includes(state))
}

describe('a relay that is killed, and an older copy of its database put in place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-restored-'))
  const relay = new RelayProcess(join(folder, 'relay'), writeUnlimited(join(folder, 'relay.json')))
  const ada = new ClientProcess('ada', join(folder, 'ada'))
  const ben = new ClientProcess('ben', join(folder, 'ben'))
  const copy = join(folder, 'copy.db')

  beforeAll(async () => {
    await relay.start()
    await ada.command('init', 'ada', '--relay', relay.host)
    await ben.command('init', 'ben', '--relay', relay.host)
    await ben.command('add', await ada.command('invite'))
    await ada.command('receive')
    await Promise.all([ada.start(), ben.start()])
  }, 120_000)

  afterAll(async () => {
    await Promise.all([relay, ada, ben].map((each) => each.kill()))
    rmSync(folder, { recursive: true, force: true })
  })

  it('loses nothing: everything arrives once, and is shown as delivered', async () => {
    await write(ada, 'before')
    await write(ben, 'before')
    const settled = async () =>
      (await allAre(ada, ['delivered'])) && (await allAre(ben, ['delivered']))
    await eventually('all is delivered', settled, PATIENCE_MS)
    copyDatabase(relay.folder, copy)
    // Some is fetched, some waits at the relay, all of it is in no copy.
    await write(ada, 'fetched')
    await eventually('all is delivered', settled, PATIENCE_MS)
    await ben.kill()
    await write(ada, 'waiting')
    await eventually('all is at the relay', () => allAre(ada, ['sent', 'delivered']), PATIENCE_MS)
    await new Promise((resolve) => setTimeout(resolve, NOTED_AFTER_MS))
    await relay.kill()
    putBack(relay.folder, copy)
    await relay.start()
    await ben.start()
    await write(ben, 'after')
    await eventually('all is delivered', settled, PATIENCE_MS)

    const expected = (prefixes: readonly string[]) =>
      prefixes.flatMap((prefix) => Array.from({ length: MESSAGES }, (_, n) => `${prefix} ${n}`))
    const received = async (client: ClientProcess) =>
      (await messagesOf(client)).filter(({ author }) => author === 'them').map(({ text }) => text)
    expect(await received(ben)).toEqual(expected(['before', 'fetched', 'waiting']))
    expect(await received(ada)).toEqual(expected(['before', 'after']))
  })
})
