// What faults cost: how long a relay takes to be back after kill -9, and all its devices with it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import { RelayProcess } from '#test/crash/processes.ts'
import { reconnectStorm } from '#test/crash/reconnect-storm.ts'
import { writeUnlimited } from '#test/crash/unlimited.ts'
import { atMost, median, type BenchRow } from './report.ts'

const GROUP = 'Faults (SQLite relay)'
const WAITING = 1_000_000
const MAILBOXES = 10_000
const BODY_BYTES = 256
const AT_ONCE = 256
const STARTS = 5
const DEVICES = 10_000
const READY_TARGET_MS = 1_000
const BACK_TARGET_S = 60
const LIMITS = { envelopes: 1e9, bytes: 1e12, knocks: 1, idleMs: 1e12 }

/** Fills a relay's database with envelopes that nobody fetches. */
async function fill(folder: string): Promise<void> {
  const storage = openSqliteStorage({
    path: join(folder, 'relay.db'),
    onFatal: (cause) => {
      throw cause
    },
  })
  const hashes: Uint8Array[] = []
  for (let index = 0; index < MAILBOXES; index++) {
    const name = `user${index}`
    const device = { deviceId: 1, certificate: randomBytes(300), inviteHash: null }
    await storage.register({ name, signingKey: randomBytes(65), ...device }, Date.now())
    const account = await storage.findAccount(name)
    if (account === null) throw new Error('no account')
    const hash = tokenHash(randomBytes(32))
    const add = [{ hash, label: randomBytes(16), uses: null, expiresAtMs: null }]
    await storage.putTokens(account.id, { add, revoke: [] }, 10, Date.now())
    hashes.push(hash)
  }
  const body = randomBytes(BODY_BYTES)
  for (let done = 0; done < WAITING; done += AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, WAITING - done) }, (_, offset) =>
        storage.deposit(
          {
            tokenHash: hashes[(done + offset) % MAILBOXES] ?? new Uint8Array(0),
            deviceId: 1,
            id: randomBytes(16),
            body,
          },
          LIMITS,
          Date.now(),
        ),
      ),
    )
  }
  await storage.close()
}

/** From the start of the process until it answers, after kill -9: the fastest of some, for on a busy machine the rest waits. */
async function readyMs(relay: RelayProcess): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < STARTS; round++) {
    const startedMs = performance.now()
    await relay.start()
    times.push(performance.now() - startedMs)
    await relay.kill()
  }
  return Math.min(...times)
}

/** Runs the measurement; rows of the group "Faults". */
export async function runFaultsBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-faults-'))
  const row = (name: string, unit: string, value: number): BenchRow => ({
    group: GROUP,
    name,
    unit,
    value,
  })
  try {
    const config = writeUnlimited(join(folder, 'relay.json'))
    const empty = await readyMs(new RelayProcess(join(folder, 'empty'), config))
    const full = new RelayProcess(join(folder, 'full'), config)
    await full.start()
    await full.kill()
    await fill(join(folder, 'full'))
    const ready = await readyMs(full)
    const storm = await reconnectStorm(DEVICES)
    const inSeconds = storm.doneAfterMs.map((ms) => ms / 1_000)
    return [
      row('ready after kill -9, nothing waiting', 'ms', empty),
      atMost(row('ready after kill -9, a million envelopes waiting', 'ms', ready), READY_TARGET_MS),
      row('10,000 devices back after kill -9: half of them drained', 's', median(inSeconds)),
      atMost(
        row('10,000 devices back after kill -9: all drained', 's', Math.max(...inSeconds)),
        BACK_TARGET_S,
      ),
      row('memory per connected device', 'KiB', storm.bytesEach / 1_024),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
