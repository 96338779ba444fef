import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { tokenHash } from '#crypto/delivery-token.ts'
import { hmacSha256 } from '#crypto/hkdf.ts'
import { randomBytes, sha256 } from '#crypto/primitives.ts'
import { signRequest } from '#relay-client/request-signing.ts'
import { Sessions } from '#relay/sessions.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { AccountId, MailboxId } from '#relay/storage.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import type { StreamTarget } from './relay-load.ts'

/** A rate that refuses nothing. */
export const UNLIMITED = { burst: 1e9, everyMs: 1 }
const DATABASE_FILE = 'relay.db'
/** Of accounts that sign nothing. */
const SAME_KEY = randomBytes(65)

export function throwFatal(cause: unknown): never {
  throw cause
}

/** The delivery token of account `index`, made anew whenever it is needed: a million take no memory. */
export function benchToken(index: number): Uint8Array {
  return sha256(encodeUtf8(`bench token ${index}`))
}

export function databasePath(folder: string): string {
  return join(folder, DATABASE_FILE)
}

/**
 * Puts accounts with one device and one token each into the database of a relay that does not run, numbered on from
 * those that are there.
 */
export async function setUpAccounts(
  folder: string,
  from: number,
  to: number,
  makeKey: () => Uint8Array = () => SAME_KEY,
): Promise<void> {
  await openSqliteStorage({ path: databasePath(folder), onFatal: throwFatal }).close()
  const database = new SQLite(databasePath(folder))
  const account = database.prepare('INSERT INTO accounts VALUES (?, ?, ?, ?, NULL)')
  const device = database.prepare(
    'INSERT INTO devices (mailbox, account, device, seen_ms) VALUES (?, ?, 1, ?)',
  )
  const certificate = database.prepare('INSERT INTO certificates VALUES (?, ?)')
  const token = database.prepare('INSERT INTO tokens (hash, account, label) VALUES (?, ?, ?)')
  const certificateBytes = randomBytes(200)
  const nowMs = Date.now()
  database.transaction(() => {
    for (let index = from; index < to; index++) {
      const id = index + 1
      account.run(id, `user${index}`, makeKey(), nowMs)
      device.run(id, id, nowMs)
      certificate.run(id, certificateBytes)
      token.run(tokenHash(benchToken(index)), id, sha256(benchToken(index)).subarray(0, 16))
    }
  })()
  database.close()
}

/** What sessions are derived from, of the relay whose database is in `folder`; the relay may run. */
export async function relaySecret(folder: string): Promise<Uint8Array> {
  const storage = openSqliteStorage({ path: databasePath(folder), onFatal: throwFatal })
  await storage.close()
  return storage.secret
}

/** Makes the opening of the stream of account `index` made by {@link setUpAccounts}; good for a minute, once. */
export function streamTarget(secret: Uint8Array, url: string, index: number): StreamTarget {
  const device = { account: (index + 1) as AccountId, mailbox: (index + 1) as MailboxId }
  const session = new Sessions(secret).open({ ...device, deviceId: 1 }, Date.now())
  const clock = { nowMs: Date.now, schedule: () => () => undefined }
  const path = '/v1/stream'
  const headers = signRequest(
    { id: session.id, algorithm: 'hmac-sha256', sign: (base) => hmacSha256(session.key, base) },
    { method: 'GET', url: `${url}${path}` },
    clock,
    randomBytes,
  )
  return { url: `${url.replace('http', 'ws')}${path}`, headers }
}
