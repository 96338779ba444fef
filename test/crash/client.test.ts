import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { ConversationView, MessageView } from '#shared/views.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { PeerGoneError } from '#test/helpers/rpc-peer.ts'
import { ClientProcess, RelayProcess } from './processes.ts'
import { writeUnlimited } from './unlimited.ts'

const ROUNDS = Number(process.env['SOTTO_ROUNDS'] ?? 6)
const LONGEST_ROUND_MS = 1_500
const LONGEST_ABSENCE_MS = 300
const LONGEST_PAUSE_MS = 20
const MESSAGES_UNANSWERED = 4
const SETTLED_WITHIN_MS = 120_000
const PAGE = 200

/** From 0 up to the bound, not included. */
function randomBelow(bound: number): number {
  return new DataView(randomBytes(4).buffer).getUint32(0) % bound
}

function pause(longestMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, randomBelow(longestMs)))
}

function ignoreGonePeer(cause: unknown): void {
  if (!(cause instanceof PeerGoneError)) throw cause
}

/** Writes numbered messages for as long as its client lives, and remembers which were taken. */
class Writer {
  readonly client: ClientProcess
  /** Numbers whose message the client has confirmed as written. */
  readonly taken: number[] = []
  #next = 0

  constructor(client: ClientProcess) {
    this.client = client
  }

  /** Writes until stopped or cut off, with some messages always under way. */
  async write(isStopped: () => boolean): Promise<void> {
    const { peer } = this.client
    const conversationId = await this.conversationId()
    const underWay = new Set<Promise<void>>()
    let isCutOff = false
    while (!isStopped() && !isCutOff) {
      const number = this.#next++
      const text = `${this.client.name} ${number}`
      const sent = peer
        .call('messages.send', { conversationId, text, replyToSeq: null })
        .then(() => void this.taken.push(number))
        .catch((cause: unknown) => {
          ignoreGonePeer(cause)
          isCutOff = true
        })
        .finally(() => underWay.delete(sent))
      underWay.add(sent)
      if (underWay.size >= MESSAGES_UNANSWERED) await Promise.race(underWay)
      await pause(LONGEST_PAUSE_MS)
    }
    await Promise.all(underWay)
  }

  async conversationId(): Promise<number> {
    const [conversation] = await this.client.peer.call<ConversationView[]>('conversations.list')
    if (conversation === undefined) throw new Error(`${this.client.name} has no conversation`)
    return conversation.id
  }

  /** Everything in the conversation but notices, oldest first. */
  async messages(): Promise<MessageView[]> {
    const conversationId = await this.conversationId()
    const pages: MessageView[][] = []
    let position: object = { kind: 'newest' }
    for (;;) {
      const page = await this.client.peer.call<{ messages: MessageView[]; hasOlder: boolean }>(
        'messages.page',
        { conversationId, position, limit: PAGE },
      )
      pages.unshift(page.messages)
      if (!page.hasOlder) return pages.flat().filter(({ kind }) => kind !== 'notice')
      position = { kind: 'before', seq: page.messages[0]?.seq }
    }
  }
}

function textsOf(messages: readonly MessageView[], author: 'me' | 'them'): string[] {
  return messages.filter((message) => message.author === author).map(({ text }) => text)
}

describe('clients and their relay, killed at random points', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-crash-client-'))
  const configFile = join(folder, 'relay.json')
  const relay = new RelayProcess(join(folder, 'relay'), configFile)
  const ada = new Writer(new ClientProcess('ada', join(folder, 'ada')))
  const ben = new Writer(new ClientProcess('ben', join(folder, 'ben')))
  const processes = [relay, ada.client, ben.client]

  beforeAll(async () => {
    writeUnlimited(configFile)
    await relay.start()
    await ada.client.command('init', 'ada', '--relay', relay.host)
    await ben.client.command('init', 'ben', '--relay', relay.host)
    await ben.client.command('add', await ada.client.command('invite'))
    await ada.client.command('receive')
    await Promise.all([ada.client.start(), ben.client.start()])
  }, 180_000)

  afterAll(async () => {
    await Promise.all(processes.map((each) => each.kill()))
    rmSync(folder, { recursive: true, force: true })
  })

  /** Both write; some processes are killed in the middle of it and come back. */
  async function round(): Promise<void> {
    let isOver = false
    const writing = [ada, ben].map((writer) => writer.write(() => isOver).catch(ignoreGonePeer))
    await pause(LONGEST_ROUND_MS)
    // One, two or all three of them.
    const chosen = 1 + randomBelow(2 ** processes.length - 1)
    const victims = processes.filter((_each, index) => (chosen & (1 << index)) !== 0)
    await Promise.all(victims.map((victim) => victim.kill()))
    await pause(LONGEST_ABSENCE_MS)
    isOver = true
    await Promise.all(writing)
    await Promise.all(victims.map((victim) => victim.start()))
  }

  it('show every message exactly once on both sides, in order', async () => {
    for (let done = 0; done < ROUNDS; done++) await round()

    await eventually(
      'everything has arrived',
      async () => {
        const [atAda, atBen] = [await ada.messages(), await ben.messages()]
        const isWaiting = [...atAda, ...atBen].some(({ state }) => state === 'waiting')
        return (
          !isWaiting &&
          textsOf(atBen, 'them').length >= textsOf(atAda, 'me').length &&
          textsOf(atAda, 'them').length >= textsOf(atBen, 'me').length
        )
      },
      SETTLED_WITHIN_MS,
    )
    const [atAda, atBen] = [await ada.messages(), await ben.messages()]
    expect(textsOf(atBen, 'them')).toEqual(textsOf(atAda, 'me'))
    expect(textsOf(atAda, 'them')).toEqual(textsOf(atBen, 'me'))
    expect([...atAda, ...atBen].filter(({ kind }) => kind !== 'text')).toEqual([])

    for (const [writer, messages] of [
      [ada, atAda],
      [ben, atBen],
    ] as const) {
      const numbers = textsOf(messages, 'me').map((text) => Number(text.split(' ')[1]))
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
      expect(numbers).toEqual(expect.arrayContaining(writer.taken))
      expect(writer.taken.length).toBeGreaterThan(ROUNDS)
    }
  })
})
