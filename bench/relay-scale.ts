import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import SQLite from 'better-sqlite3'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { MailboxId, RelayStorage } from '#relay/storage.ts'
import { benchToken, databasePath, setUpAccounts, throwFatal } from './relay-accounts.ts'
import { atMost, formatTable, median, type BenchRow } from './report.ts'

const GROUP = 'Relay, cost of a message by number of mailboxes (1 KB bodies)'
const SIZES = [1_000, 10_000, 100_000, 1_000_000]
/** Mailboxes that a round goes to: no more than the fewest there are. */
const PICKED = 1_000
const AT_ONCE = 256
const ROUNDS = 60
const WARM_UP_ROUNDS = 20
/** What "flat" means: from the fewest mailboxes to the most, no more than this times the cost. */
const FLAT = 2
const WAITING = 1_000_000
const READY_WITHIN_MS = 1_000
const LIMITS = { envelopes: 1e9, bytes: 1e12, knocks: 1, idleMs: 1e12 }

interface Cost {
  readonly mailboxes: number
  /** Processor time of depositing one message, in microseconds. */
  readonly depositUs: number
  /** The same of reading and acknowledging it. */
  readonly drainUs: number
}

function processorUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Different mailboxes, at random. */
function pick(mailboxes: number): number[] {
  const picks = new Set<number>()
  while (picks.size < PICKED) {
    for (const draw of new Uint32Array(randomBytes(4 * PICKED).buffer)) {
      if (picks.size < PICKED) picks.add(draw % mailboxes)
    }
  }
  return [...picks]
}

/** Runs the work for each, some at once. */
async function inGroups<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    await Promise.all(items.slice(start, start + AT_ONCE).map(work))
  }
}

/**
 * Deposits one message to each of some mailboxes, then fetches and acknowledges it there: for any number of mailboxes
 * the same work for a message, none of which shares its fetch with others.
 */
async function round(storage: RelayStorage, mailboxes: number): Promise<readonly [number, number]> {
  const body = randomBytes(1_024)
  const picks = pick(mailboxes)
  const hashes = picks.map((index) => tokenHash(benchToken(index)))
  const startUs = processorUs()
  await inGroups(hashes, (hash) =>
    storage.deposit(
      { tokenHash: hash, deviceId: 1, id: randomBytes(16), body },
      LIMITS,
      Date.now(),
    ),
  )
  const depositedUs = processorUs()
  let received = 0
  await inGroups(picks, async (index) => {
    const mailbox = (index + 1) as MailboxId
    const waiting = await storage.waiting(mailbox, 0, AT_ONCE, 1e9)
    received += waiting?.length ?? 0
    await storage.acknowledge(mailbox, { through: Number.MAX_SAFE_INTEGER })
  })
  if (received !== PICKED) throw new Error(`${received} of ${PICKED} came back`)
  const endUs = processorUs()
  return [(depositedUs - startUs) / PICKED, (endUs - depositedUs) / PICKED]
}

async function costAt(folder: string, mailboxes: number): Promise<Cost> {
  const storage = openSqliteStorage({ path: databasePath(folder), onFatal: throwFatal })
  const rounds: (readonly [number, number])[] = []
  for (let count = 0; count < WARM_UP_ROUNDS; count++) await round(storage, mailboxes)
  for (let count = 0; count < ROUNDS; count++) rounds.push(await round(storage, mailboxes))
  await storage.close()
  return {
    mailboxes,
    depositUs: median(rounds.map(([deposit]) => deposit)),
    drainUs: median(rounds.map(([, drain]) => drain)),
  }
}

/** Puts a million envelopes into the mailboxes. */
function fillMailboxes(folder: string): void {
  const database = new SQLite(databasePath(folder))
  const insert = database.prepare(
    'INSERT INTO envelopes (mailbox, seq, knock, received_ms, id, label, body) VALUES (?, ?, 0, ?, ?, ?, ?)',
  )
  const label = randomBytes(16)
  const body = randomBytes(1_024)
  const nowMs = Date.now()
  database.transaction(() => {
    // In order of mailboxes, behind everything that was there before: quick to fill.
    for (let index = 0; index < WAITING; index++) {
      insert.run(index + 1, 1_000_000, nowMs, randomBytes(16), label, body)
    }
  })()
  database.close()
}

/** Starts a relay. @returns milliseconds until it is ready. */
async function readyMs(folder: string): Promise<number> {
  const startedMs = performance.now()
  const main = fileURLToPath(new URL('../src/relay/main.ts', import.meta.url))
  const relay = spawn(process.execPath, [main, '--json', '--port', '0', '--data', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    for await (const line of createInterface({ input: relay.stdout })) {
      const event = JSON.parse(line) as { event: string; url: string }
      if (event.event !== 'ready') continue
      const answer = await fetch(`${event.url}/readyz`)
      if (answer.status !== 200) throw new Error(`the relay answered ${answer.status}`)
      return performance.now() - startedMs
    }
    throw new Error('the relay did not get ready')
  } finally {
    relay.kill()
  }
}

/** What a message costs from a thousand mailboxes to a million, and how soon a relay with a million envelopes is ready. */
export async function runScaleBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-scale-'))
  try {
    const rows: BenchRow[] = []
    const costs: Cost[] = []
    let there = 0
    for (const mailboxes of SIZES) {
      await setUpAccounts(folder, there, mailboxes)
      there = mailboxes
      const cost = await costAt(folder, mailboxes)
      costs.push(cost)
      const name = `${mailboxes.toLocaleString('en')} mailboxes`
      rows.push(
        { group: GROUP, name: `deposit, ${name}`, unit: 'µs', value: cost.depositUs },
        { group: GROUP, name: `fetch and acknowledge, ${name}`, unit: 'µs', value: cost.drainUs },
      )
    }
    const total = (cost: Cost | undefined): number =>
      cost === undefined ? Number.NaN : cost.depositUs + cost.drainUs
    const growth = total(costs.at(-1)) / total(costs[0])
    fillMailboxes(folder)
    const empty = join(folder, 'empty')
    rows.push(
      atMost({ group: GROUP, name: 'most to fewest, whole way', unit: 'x', value: growth }, FLAT),
      {
        group: GROUP,
        name: 'ready with an empty database',
        unit: 'ms',
        value: await readyMs(empty),
      },
      atMost(
        {
          group: GROUP,
          name: 'ready with a million envelopes waiting',
          unit: 'ms',
          value: await readyMs(folder),
        },
        READY_WITHIN_MS,
      ),
    )
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) console.log(formatTable(await runScaleBench()))
