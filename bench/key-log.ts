import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { createDeviceList, listDevice, verifyDeviceList } from '#crypto/device-list.ts'
import { sizesForOwner, verifyChainProof } from '#crypto/key-log.ts'
import { verifyCheckpoint } from '#crypto/log-checkpoints.ts'
import { verifyConsistency } from '#crypto/merkle-log.ts'
import { randomBytes, SigningKeyPair, type SigningPublicKey } from '#crypto/primitives.ts'
import { parseChain } from '#relay-client/bundles.ts'
import { KeyLog } from '#relay/key-log/key-log.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { NewAccount, RelayStorage } from '#relay/storage.ts'
import { formatTable, median, type BenchRow } from './report.ts'

// What key transparency costs, on both sides, for a relay of 10,000 accounts.

const GROUP = 'Key transparency, 10,000 accounts'
const ACCOUNTS = 10_000
/** Registrations that arrive together, and so share a commit. */
const TOGETHER = 64
const SAMPLES = 500

const onFatal = (cause: unknown): never => {
  throw cause
}

function accounts(withLists: boolean): NewAccount[] {
  // One key for all: the storage does not look at it, and making keys is not what is measured.
  const keys = SigningKeyPair.generate(randomBytes)
  return Array.from({ length: ACCOUNTS }, (_, index) => {
    const name = `account-${index}`
    const certificate = randomBytes(200)
    const bytes = createDeviceList(keys, {
      address: `${name}@relay.example.org`,
      version: 1,
      createdAtMs: 1,
      devices: [listDevice(1, certificate)],
    })
    return {
      name,
      signingKey: keys.publicKey,
      deviceId: 1,
      certificate,
      inviteHash: null,
      deviceList: withLists ? { version: 1, bytes, deviceIds: [1] } : null,
    }
  })
}

/** Registers everybody, so many at once. @returns accounts a second. */
async function registerAll(storage: RelayStorage, all: readonly NewAccount[]): Promise<number> {
  const startMs = performance.now()
  for (let start = 0; start < all.length; start += TOGETHER) {
    const group = all.slice(start, start + TOGETHER)
    await Promise.all(group.map((account) => storage.register(account, 1)))
  }
  return (all.length / (performance.now() - startMs)) * 1_000
}

/** Bytes of a database after everything is copied back from its log. */
function fileBytes(path: string): number {
  const database = new SQLite(path)
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
  return statSync(path).size
}

async function timed(run: (index: number) => unknown): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < SAMPLES; index++) {
    const startMs = performance.now()
    await run(index)
    times.push(performance.now() - startMs)
  }
  return median(times)
}

/** Registering with and without the log, making proofs, and checking them. */
export async function runKeyLogBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-log-'))
  const row = (name: string, unit: string, value: number): BenchRow => ({
    group: GROUP,
    name,
    unit,
    value,
  })
  try {
    const plainPath = join(folder, 'plain.db')
    const plain = openSqliteStorage({ path: plainPath, onFatal })
    const withoutLog = await registerAll(plain, accounts(false))
    await plain.close()

    const path = join(folder, 'log.db')
    const storage = openSqliteStorage({ path, onFatal })
    const all = accounts(true)
    const oldSize = ACCOUNTS - 1_234
    const registering = performance.now()
    await registerAll(storage, all.slice(0, oldSize))
    const { root: oldRoot } = await storage.logHead()
    await registerAll(storage, all.slice(oldSize))
    const withLog = (ACCOUNTS / (performance.now() - registering)) * 1_000
    const log = new KeyLog(storage, Date.now)
    const nameOf = (index: number) => `account-${(index * 7_919) % ACCOUNTS}`

    const [{ deviceList } = {}] = all
    const listMs = await timed(() => deviceList && verifyDeviceList(deviceList.bytes))
    const makeMs = await timed((index) => log.proof(nameOf(index)))
    const json = JSON.stringify({ log: await log.proof(nameOf(1)) })
    const proof = parseChain(JSON.parse(json))
    if (proof === null) throw new Error('the proof is not well-formed')
    const key = proof.key as SigningPublicKey
    const checkpoint = verifyCheckpoint(key, proof.checkpoint)
    if (checkpoint === null) throw new Error('the checkpoint is not signed')
    const verifyMs = await timed(() => {
      const read = parseChain(JSON.parse(json))
      const verified = read && verifyCheckpoint(key, read.checkpoint)
      const list = read?.deviceList && verifyDeviceList(read.deviceList)
      const chain = read && verified && verifyChainProof(nameOf(1), verified, read.chain)
      if (!list || !list.ok || !chain) throw new Error('the proof does not hold')
    })

    const consistencyMs = await timed(() => log.consistency(oldSize, ACCOUNTS))
    const path64 = await log.consistency(oldSize, ACCOUNTS)
    const hashes = await storage.logConsistency(oldSize, ACCOUNTS)
    const consistencyVerifyMs = await timed(() => {
      const { size, root } = checkpoint
      if (!verifyConsistency({ oldSize, oldRoot, size, root, path: hashes })) {
        throw new Error('the proof does not hold')
      }
    })
    await storage.close()
    const [plainBytes, logBytes] = [fileBytes(plainPath), fileBytes(path)]
    return [
      row(`stored, ${TOGETHER} at once, without the log`, '/s', withoutLog),
      row(`stored, ${TOGETHER} at once, with the log`, '/s', withLog),
      row('relay: device list checked', 'ms', listMs),
      row('relay: file, per account', 'bytes', (logBytes - plainBytes) / ACCOUNTS),
      row('relay: key proof made', 'ms', makeMs),
      row('key proof in an answer', 'bytes', json.length),
      row('client: key proof checked, with two signatures', 'ms', verifyMs),
      row('relay: consistency proof made', 'ms', consistencyMs),
      row(
        'consistency proof, 1,234 entries later',
        'bytes',
        JSON.stringify({ path: path64 }).length,
      ),
      row('client: consistency proof checked', 'ms', consistencyVerifyMs),
      row(
        'client: looks at the own name, 1,234 entries later',
        'proofs',
        sizesForOwner(oldSize, ACCOUNTS).length,
      ),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) console.log(formatTable(await runKeyLogBench()))
