import type { Database } from 'better-sqlite3'
import { deserialize, serialize } from 'node:v8'
import type { DeviceRow } from '../rows/accounts.ts'
import {
  bundleOf,
  UNSIGNED,
  withoutStoring,
  type PrekeyKind,
  type PrekeyRow,
} from '../rows/prekeys.ts'
import type {
  AccountId,
  BundleRequest,
  MailboxId,
  Prekey,
  PrekeyBundle,
  PrekeyCounts,
  PrekeyUpload,
  Publication,
  SignedPrekey,
} from '../storage.ts'

/** Prekeys and the bundles made of them. Synchronous: changes run inside a group commit. */
export class PrekeyTables {
  readonly #version
  readonly #setVersion
  readonly #count
  readonly #removeReplaced
  readonly #insert
  readonly #read
  readonly #take
  readonly #devices
  readonly #reply
  readonly #rememberReply

  constructor(database: Database) {
    this.#version = database.prepare<[MailboxId], { version: number }>(
      'SELECT prekey_version AS version FROM devices WHERE mailbox = ?',
    )
    this.#setVersion = database.prepare<[number, MailboxId]>(
      'UPDATE devices SET prekey_version = ? WHERE mailbox = ?',
    )
    this.#count = database.prepare<[MailboxId, PrekeyKind], { count: number }>(
      'SELECT count(*) AS count FROM prekeys WHERE mailbox = ? AND kind = ?',
    )
    this.#removeReplaced = database.prepare<[MailboxId]>(
      "DELETE FROM prekeys WHERE mailbox = ? AND kind IN ('signed', 'kem-last-resort')",
    )
    this.#insert = database.prepare<[MailboxId, PrekeyKind, number, Uint8Array, Uint8Array]>(
      'INSERT INTO prekeys (mailbox, kind, id, public_key, signature) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#read = database.prepare<[MailboxId, PrekeyKind], PrekeyRow>(
      'SELECT id, public_key, signature FROM prekeys WHERE mailbox = ? AND kind = ?',
    )
    this.#take = database.prepare<[MailboxId, PrekeyKind, MailboxId, PrekeyKind], PrekeyRow>(
      `DELETE FROM prekeys WHERE mailbox = ? AND kind = ?
        AND id = (SELECT id FROM prekeys WHERE mailbox = ? AND kind = ? ORDER BY id LIMIT 1)
        RETURNING id, public_key, signature`,
    )
    this.#devices = database.prepare<[AccountId], DeviceRow>(
      'SELECT mailbox, device, certificate FROM devices JOIN certificates USING (mailbox) WHERE account = ? ORDER BY device',
    )
    this.#reply = database.prepare<[Uint8Array, AccountId, number], { reply: Uint8Array }>(
      'SELECT reply FROM bundle_replies WHERE hash = ? AND account = ? AND expires_ms > ?',
    )
    this.#rememberReply = database.prepare<[Uint8Array, AccountId, Uint8Array, number]>(
      'INSERT OR REPLACE INTO bundle_replies (hash, account, reply, expires_ms) VALUES (?, ?, ?, ?)',
    )
  }

  counts(mailbox: MailboxId): PrekeyCounts | null {
    const device = this.#version.get(mailbox)
    if (device === undefined) return null
    return {
      version: device.version,
      oneTime: this.#count.get(mailbox, 'one-time')?.count ?? 0,
      kemOneTime: this.#count.get(mailbox, 'kem-one-time')?.count ?? 0,
    }
  }

  publish(mailbox: MailboxId, upload: PrekeyUpload, maxWaiting: number): Publication {
    const before = this.counts(mailbox)
    if (before === null) return { outcome: 'gone' }
    const unchanged = withoutStoring(before, upload, maxWaiting)
    if (unchanged !== null) return unchanged
    this.#removeReplaced.run(mailbox)
    this.#add(mailbox, 'signed', [upload.signed])
    this.#add(mailbox, 'kem-last-resort', [upload.kemLastResort])
    this.#add(mailbox, 'one-time', upload.oneTime)
    this.#add(mailbox, 'kem-one-time', upload.kemOneTime)
    this.#setVersion.run(upload.version, mailbox)
    return { outcome: 'stored', counts: this.counts(mailbox) ?? before }
  }

  #add(mailbox: MailboxId, kind: PrekeyKind, prekeys: readonly (Prekey | SignedPrekey)[]): void {
    for (const prekey of prekeys) {
      const signature = 'signature' in prekey ? prekey.signature : UNSIGNED
      this.#insert.run(mailbox, kind, prekey.id, prekey.publicKey, signature)
    }
  }

  takeBundles(account: AccountId, request: BundleRequest): readonly PrekeyBundle[] | null {
    const known = this.#reply.get(request.hash, account, request.nowMs)
    if (known !== undefined) return deserialize(known.reply) as PrekeyBundle[]
    const devices = this.#devices.all(account)
    if (devices.length === 0) return null
    const bundles: PrekeyBundle[] = []
    for (const device of devices) {
      const bundle = this.#takeBundle(device, request.lastResortOnly)
      if (bundle !== null) bundles.push(bundle)
    }
    this.#rememberReply.run(request.hash, account, serialize(bundles), request.rememberUntilMs)
    return bundles
  }

  #takeBundle(device: DeviceRow, lastResortOnly: boolean): PrekeyBundle | null {
    const { mailbox } = device
    const signed = this.#read.get(mailbox, 'signed')
    const lastResort = this.#read.get(mailbox, 'kem-last-resort')
    if (signed === undefined || lastResort === undefined) return null
    const take = (kind: PrekeyKind): PrekeyRow | undefined =>
      lastResortOnly ? undefined : this.#take.get(mailbox, kind, mailbox, kind)
    const kem = take('kem-one-time')
    const oneTime = take('one-time')
    return bundleOf(device, { signed, lastResort, kem, oneTime })
  }
}
