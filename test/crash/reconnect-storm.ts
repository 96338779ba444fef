import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { RelayStorage } from '#relay/storage.ts'
import { decodeHex } from '#shared/bytes.ts'
import { RelayProcess } from './processes.ts'
import { residentBytes } from './process-memory.ts'
import type { DevicesOrder, DevicesReport } from './reconnecting-devices.ts'
import { writeUnlimited } from './unlimited.ts'

const BODY_BYTES = 500
const ENVELOPES_EACH = 3
const LIMITS = { envelopes: 1e6, bytes: 1e9, knocks: 1, idleMs: 1e12 }

type Done = Extract<DevicesReport, { kind: 'done' }>

export interface StormResult {
  /** From the moment the relay answers again: when each device was connected, and had all that waited. */
  readonly onlineAfterMs: readonly number[]
  readonly doneAfterMs: readonly number[]
  /** Envelopes that came twice, in both rounds. */
  readonly repeated: number
  /** What the relay holds in memory for each connected device. */
  readonly bytesEach: number
}

function openStorage(folder: string): RelayStorage {
  return openSqliteStorage({
    path: join(folder, 'relay.db'),
    onFatal: (cause) => {
      throw cause
    },
  })
}

/**
 * Connects so many devices to a relay, kills it, leaves envelopes for each of them, starts it again, and sees them come
 * back by themselves.
 */
export async function reconnectStorm(count: number): Promise<StormResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-storm-'))
  const data = join(folder, 'relay')
  mkdirSync(data)
  const relay = new RelayProcess(data, writeUnlimited(join(folder, 'relay.json')))
  const devices = fork(join(import.meta.dirname, 'reconnecting-devices.ts'))
  const order = (message: DevicesOrder): void => void devices.send(message)
  const report = async <Kind extends DevicesReport['kind']>(
    kind: Kind,
  ): Promise<Extract<DevicesReport, { kind: Kind }>> => {
    const [message] = (await once(devices, 'message')) as [DevicesReport]
    if (message.kind !== kind) throw new Error(`the devices report ${message.kind}`)
    return message as Extract<DevicesReport, { kind: Kind }>
  }
  const tokens = Array.from({ length: count }, () => tokenHash(randomBytes(32)))

  const leaveEnvelopes = async (storage: RelayStorage): Promise<void> => {
    const deposit = (hash: Uint8Array) =>
      storage.deposit(
        { tokenHash: hash, deviceId: 1, id: randomBytes(16), body: randomBytes(BODY_BYTES) },
        LIMITS,
        Date.now(),
      )
    for (let each = 0; each < ENVELOPES_EACH; each++) await Promise.all(tokens.map(deposit))
    await storage.close()
  }
  const awaitAll = async (): Promise<Done> => {
    const done = report('done')
    order({ kind: 'await', envelopesEach: ENVELOPES_EACH })
    return done
  }

  try {
    const made = report('made')
    order({ kind: 'make', count })
    const { signingKeys } = await made
    const storage = openStorage(data)
    await Promise.all(
      signingKeys.map(async (key, index) => {
        const signingKey = decodeHex(key) ?? new Uint8Array(0)
        const name = `device${index}`
        const device = { deviceId: 1, certificate: randomBytes(300) }
        await storage.register({ name, signingKey, ...device, inviteHash: null }, Date.now())
        const account = await storage.findAccount(name)
        const hash = tokens[index]
        if (account === null || hash === undefined) throw new Error('no account')
        const add = [{ hash, label: randomBytes(16), uses: null, expiresAtMs: null }]
        await storage.putTokens(account.id, { add, revoke: [] }, 10, Date.now())
      }),
    )
    await leaveEnvelopes(storage)
    await relay.start()
    const before = residentBytes(relay.pid)
    order({ kind: 'connect', host: relay.host })
    await awaitAll()
    const bytesEach = (residentBytes(relay.pid) - before) / count
    await relay.kill()
    await leaveEnvelopes(openStorage(data))
    await relay.start()
    const readyAtMs = Date.now()
    const done = await awaitAll()
    return {
      onlineAfterMs: done.onlineAtMs.map((atMs) => atMs - readyAtMs),
      doneAfterMs: done.doneAtMs.map((atMs) => atMs - readyAtMs),
      repeated: done.repeated,
      bytesEach,
    }
  } finally {
    devices.kill('SIGKILL')
    await relay.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
