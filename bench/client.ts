// A client that comes back to 10,000 waiting envelopes: how long until all are opened and stored, and how long the
// process at most does not answer meanwhile.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProfile, openProfile, type ProfileParts } from '#core/profile.ts'
import { systemClock } from '#core/system-clock.ts'
import type { Client } from '#core/client.ts'
import type { ConversationId } from '#core/model.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { RelayClient } from '#relay-client/client.ts'
import { fileProfileStorage } from '#store/store.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { memoryKeychain } from '#test/helpers/memory-keychain.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import { atMost, type BenchRow } from './report.ts'

const WAITING = 10_000
const TEXT = 'The quick brown fox jumps over the lazy dog while it rains in the city. '.repeat(2)
const PATIENCE_MS = 180_000

/** Runs the measurement; rows of the group "Client". */
export async function runClientBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-client-'))
  const relay = fork(join(import.meta.dirname, 'client-relay.ts'), [join(folder, 'relay')])
  try {
    const [url] = (await once(relay, 'message')) as [string]
    return await measure(folder, new URL(url).host)
  } finally {
    relay.disconnect()
    await once(relay, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
}

function partsOf(folder: string, name: string): ProfileParts {
  mkdirSync(join(folder, name))
  return {
    keychain: memoryKeychain(),
    storage: fileProfileStorage(join(folder, name, 'sotto.db')),
    relay: new RelayClient({ clock: systemClock, random: randomBytes }),
    clock: systemClock,
    log: { info() {}, warn() {}, error() {} },
    cryptoLibrary: 'bench',
  }
}

async function create(parts: ProfileParts, relay: string, name: string): Promise<Client> {
  const account = { relay, name, displayName: name, inviteCode: null }
  const client = valueOf(await createProfile(parts, account))
  client.start()
  return client
}

async function measure(folder: string, host: string): Promise<BenchRow[]> {
  const readerParts = partsOf(folder, 'reader')
  const reader = await create(readerParts, host, 'reader')
  const writer = await create(partsOf(folder, 'writer'), host, 'writer')
  const { link } = valueOf(await reader.createInvite())
  valueOf(await writer.addContact(link))
  await eventually('they know each other', () => reader.listContacts().length === 1)
  const received = (client: Client): number => client.listConversations()[0]?.unreadCount ?? 0
  const conversationId = writer.listConversations()[0]?.id as ConversationId
  // An answer first, so that the messages are not initial ones.
  valueOf(reader.sendMessage(reader.listConversations()[0]?.id as ConversationId, 'hi', null))
  await eventually('the answer arrives', () => received(writer) === 1)
  await reader.close()

  for (let i = 0; i < WAITING; i++) {
    valueOf(writer.sendMessage(conversationId, `${i} ${TEXT}`, null))
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const isEmpty = (): boolean => writer.connection().waitingCount === 0
  await eventually('all wait at the relay', isEmpty, PATIENCE_MS)
  await writer.close()

  const relay = new RelayClient({ clock: systemClock, random: randomBytes })
  let longestStallMs = 0
  const startMs = performance.now()
  const opened = valueOf(await openProfile({ ...readerParts, relay }))
  let lastTickMs = performance.now()
  const ticks = setInterval(() => {
    const nowMs = performance.now()
    longestStallMs = Math.max(longestStallMs, nowMs - lastTickMs - 1)
    lastTickMs = nowMs
  }, 1)
  opened.start()
  await eventually('all are stored', () => received(opened) >= WAITING, PATIENCE_MS)
  const seconds = (performance.now() - startMs) / 1000
  clearInterval(ticks)
  await opened.close()
  const group = `Client, ${WAITING.toLocaleString('en')} waiting envelopes`
  return [
    atMost({ group, name: 'received, opened and stored', unit: 's', value: seconds }, 3),
    atMost({ group, name: 'longest stall of the process', unit: 'ms', value: longestStallMs }, 50),
  ]
}

if (import.meta.main) {
  const { formatTable } = await import('./report.ts')
  console.log(formatTable(await runClientBench()))
}
