import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Conversation, ConversationId, Message } from '#core/model.ts'
import { parseAddress } from '#protocol/address.ts'
import { Connection } from '#store/connection.ts'
import type { SqliteStore } from '#store/sqlite-store.ts'
import { atLeast, atMost, formatTable, median, type BenchRow } from './report.ts'
import { ourStore, sqlcipher, type Contender } from './store-contenders.ts'
import { numbers, text, WORDS } from './store-texts.ts'

const MESSAGES = Number(process.env['SOTTO_BENCH_MESSAGES'] ?? 1_000_000)
const CONVERSATIONS = 200
/** Inserted by each contender in turns; ours goes on alone from there. */
const COMPARED = Math.min(200_000, MESSAGES / 2)
const TURN = 10_000
const BATCH = 100
const SINGLES = 400
const PAGE = 50
const SAMPLES = 400

const KEY = new Uint8Array(32).fill(0x42)
const GROUP = `Store, ${MESSAGES.toLocaleString('en')} messages in ${String(CONVERSATIONS)} conversations`

/** The store beside the same without encryption and beside `@signalapp/sqlcipher`. Takes some minutes. */
export async function runStoreBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-'))
  try {
    return await Promise.resolve(measure(folder))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function measure(folder: string): BenchRow[] {
  const path = join(folder, 'sotto.db')
  const ours = ourStore(path, KEY)
  const floor = ourStore(join(folder, 'floor.db'), null)
  const peer = sqlcipher(join(folder, 'peer.db'), KEY, [...schemaOf(folder)])
  const conversations = addConversations(ours.store)
  addConversations(floor.store)
  const contenders = [ours, floor, ...(peer === null ? [] : [peer])]

  const random = numbers(1)
  const next = (count: number): Omit<Message, 'seq'>[] =>
    Array.from({ length: count }, () => message(random, conversations))
  const rates = compareInserts(contenders, next)
  const singles = rate(SINGLES, () => {
    for (let i = 0; i < SINGLES; i++) ours.insert(next(1))
  })
  const peerReads = peer && reads(peer, conversations)
  peer?.close()
  floor.close()
  for (let count = COMPARED + SINGLES; count < MESSAGES; count += 1000) ours.insert(next(1000))

  const ourReads = reads(ours, conversations)
  const list = sample(() => ours.store.conversations.rows().length)
  ours.close()
  const [ourRate = 0, floorRate = 0, peerRate] = rates
  const { opened, firstPage, bytes } = reopen(path, conversations)
  return [
    atLeast(
      { group: GROUP, name: 'inserted with index, 100 a commit', unit: '/s', value: ourRate },
      {
        ...(peerRate === undefined ? {} : { target: 1.3 * peerRate }),
        floor: floorRate,
        floorRatio: 0.85,
      },
    ),
    { group: GROUP, name: 'inserted with index, one a commit', unit: '/s', value: singles },
    atMost(ms('newest page of 50, p99', p99(ourReads.page)), 2),
    atMost(ms('search, common word, p99', p99(ourReads.common)), 5),
    atMost(ms('search, rare word, p99', p99(ourReads.rare)), 5),
    atMost(ms('search, two words, p99', p99(ourReads.two)), 5),
    atMost(ms('search, beginning of a word, p99', p99(ourReads.prefix)), 5),
    ms(`list of ${String(CONVERSATIONS)} conversations, median`, median(list)),
    atMost(ms('first page after opening', firstPage), 10),
    ms('opening', opened),
    atMost({ group: GROUP, name: 'bytes a message', unit: 'B', value: bytes / MESSAGES }, 900),
    ...(peerRate === undefined || peerReads === null
      ? []
      : [
          {
            group: GROUP,
            name: 'sqlcipher: inserted with index, 100 a commit',
            unit: '/s',
            value: peerRate,
          },
          ms(`sqlcipher (${COMPARED.toLocaleString('en')}): newest page, p99`, p99(peerReads.page)),
          ms(
            `sqlcipher (${COMPARED.toLocaleString('en')}): common word, p99`,
            p99(peerReads.common),
          ),
          ms(`sqlcipher (${COMPARED.toLocaleString('en')}): two words, p99`, p99(peerReads.two)),
        ]),
  ]
}

function ms(name: string, value: number): BenchRow {
  return { group: GROUP, name, unit: 'ms', value }
}

/** Medians of turns, so that a busy moment of the machine hits all alike. */
function compareInserts(
  contenders: readonly Contender[],
  next: (count: number) => Omit<Message, 'seq'>[],
): number[] {
  const turns = contenders.map((): number[] => [])
  for (let turn = 0; turn < COMPARED / TURN; turn++) {
    const batches = Array.from({ length: TURN / BATCH }, () => next(BATCH))
    for (let place = 0; place < contenders.length; place++) {
      const index = (turn + place) % contenders.length
      turns[index]?.push(
        rate(TURN, () => {
          for (const batch of batches) contenders[index]?.insert(batch)
        }),
      )
    }
  }
  return turns.map(median)
}

interface Reads {
  readonly page: readonly number[]
  readonly common: readonly number[]
  readonly rare: readonly number[]
  readonly two: readonly number[]
  readonly prefix: readonly number[]
}

function reads(contender: Contender, conversations: readonly ConversationId[]): Reads {
  const random = numbers(2)
  const rank = (from: number, to: number): string =>
    WORDS[from + Math.floor(random() * (to - from))] ?? ''
  return {
    page: sample(() => {
      const conversation = conversations[Math.floor(random() * conversations.length)]
      return conversation === undefined ? 0 : contender.page(conversation, PAGE)
    }),
    common: sample(() => contender.search(rank(0, 5), PAGE)),
    rare: sample(() => contender.search(rank(20_000, 50_000), PAGE)),
    two: sample(() => contender.search(`${rank(0, 20)} ${rank(20, 200)}`, PAGE)),
    prefix: sample(() => contender.search(rank(20, 2000).slice(0, 5), PAGE)),
  }
}

/** Opens the filled store anew; the median of several times. */
function reopen(
  path: string,
  conversations: readonly ConversationId[],
): { opened: number; firstPage: number; bytes: number } {
  const opened: number[] = []
  const firstPage: number[] = []
  let bytes = 0
  for (const conversation of conversations.slice(0, 15)) {
    const start = performance.now()
    const ours = ourStore(path, KEY)
    const openedAt = performance.now()
    ours.page(conversation, PAGE)
    opened.push(openedAt - start)
    firstPage.push(performance.now() - openedAt)
    bytes = ours.store.sizeBytes()
    ours.close()
  }
  return { opened: median(opened), firstPage: median(firstPage), bytes }
}

function message(
  random: () => number,
  conversations: readonly ConversationId[],
): Omit<Message, 'seq'> {
  const id = new Uint8Array(16)
  const view = new DataView(id.buffer)
  for (let at = 0; at < 16; at += 4) view.setUint32(at, random() * 2 ** 32)
  const conversationId = conversations[Math.floor(random() * conversations.length)]
  if (conversationId === undefined) throw new RangeError('no conversations')
  const isOurs = random() < 0.5
  return {
    conversationId,
    id,
    author: isOurs ? 'me' : 'them',
    kind: 'text',
    text: text(random),
    sentAtMs: 1_700_000_000_000,
    storedAtMs: 1_700_000_000_500,
    state: isOurs ? 'delivered' : 'received',
    errorCode: null,
    replyTo: null,
    signature: 'none',
  }
}

function addConversations(store: SqliteStore): ConversationId[] {
  return Array.from({ length: CONVERSATIONS }, (_, index): Conversation['id'] => {
    const address = parseAddress(`user${String(index)}@relay.example`)
    if (address === null) throw new RangeError('not an address')
    const label = new Uint8Array(16)
    label[0] = index
    const contact = store.contacts.add({
      address,
      displayName: `User ${String(index)}`,
      petname: '',
      signingKey: new Uint8Array(65),
      relation: 'accepted',
      verifiedAtMs: null,
      changedSigningKey: null,
      outboundToken: null,
      outboundTokenKind: null,
      inboundToken: new Uint8Array(32),
      inboundLabel: label,
      inboundTokenRegistered: true,
      inboundTokenGranted: true,
      knocked: false,
      createdAtMs: 0,
    })
    const { id } = store.conversations.add({
      contactId: contact.id,
      createdAtMs: 0,
      pinned: false,
      mutedUntilMs: 0,
      archived: false,
      markedUnread: false,
      draft: '',
      signedMessages: false,
      readUpTo: null,
    })
    return id
  })
}

/** The statements that make our tables and fill what messages refer to, for the peer. */
function schemaOf(folder: string): string[] {
  const path = join(folder, 'schema.db')
  ourStore(path, null).close()
  const connection = new Connection(path, null)
  const rows = connection
    .statement(
      `SELECT sql FROM sqlite_schema
       WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'message_words_%'`,
    )
    .all()
  connection.close()
  const blob = (bytes: number): string => `randomblob(${String(bytes)})`
  return [
    ...rows.map(({ sql }) => String(sql)),
    "INSERT INTO message_words (message_words, rank) VALUES ('pgsz', 3960)",
    "INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1)",
    ...Array.from(
      { length: CONVERSATIONS },
      (_, index) => `
        INSERT INTO contacts VALUES (NULL, 'user${String(index)}', '', '', ${blob(65)}, 'accepted', NULL, NULL,
          NULL, NULL, ${blob(32)}, ${blob(16)}, 1, 1, 0, 0);
        INSERT INTO conversations VALUES (NULL, ${String(index + 1)}, 0, 0, 0, 0, 0, '', 0, NULL, NULL, 0)`,
    ),
  ]
}

function rate(count: number, work: () => void): number {
  const start = performance.now()
  work()
  return (1000 * count) / (performance.now() - start)
}

/** Milliseconds of each call. */
function sample(work: () => unknown): number[] {
  return Array.from({ length: SAMPLES }, () => {
    const start = performance.now()
    work()
    return performance.now() - start
  })
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? 0
}

// oxlint-disable-next-line no-console
if (import.meta.main) console.log(formatTable(await runStoreBench()))
