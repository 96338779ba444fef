import type { Database } from 'better-sqlite3'
import { MAX_DEVICES } from '#crypto/device-list.ts'
import { nameSkeleton } from '#protocol/look-alikes.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import { signerOrFirst, type AccountRow, type DeviceRow, type SignerRow } from '../rows/accounts.ts'
import type {
  AccountId,
  AccountRecord,
  MailboxId,
  NewAccount,
  Registration,
  SignerRecord,
} from '../storage.ts'
import type { KeyLogTables } from './key-log.ts'

/** Accounts, their devices and invite codes. Synchronous: changes run inside a group commit. */
export class AccountTables {
  readonly #log: KeyLogTables
  readonly #account
  readonly #signer
  readonly #name
  readonly #devices
  readonly #skeleton
  readonly #insertAccount
  readonly #insertDevice
  readonly #insertCertificate
  readonly #deleteAccount
  readonly #deleteDevice
  readonly #touchDevice
  readonly #insertInvite
  readonly #spendInvite

  constructor(database: Database, log: KeyLogTables) {
    this.#log = log
    this.#account = database.prepare<[string], AccountRow>(
      'SELECT id, signing_key FROM accounts WHERE name = ?',
    )
    this.#signer = database.prepare<[string], SignerRow>(signerOrFirst('?'))
    this.#name = database.prepare<[AccountId], { name: string }>(
      'SELECT name FROM accounts WHERE id = ?',
    )
    this.#devices = database.prepare<[AccountId], DeviceRow>(
      'SELECT mailbox, device, certificate FROM devices JOIN certificates USING (mailbox) WHERE account = ? ORDER BY device',
    )
    this.#skeleton = database.prepare<[string], { id: AccountId }>(
      'SELECT id FROM accounts WHERE skeleton = ?',
    )
    this.#insertAccount = database.prepare<[string, string, Uint8Array, number], { id: AccountId }>(
      'INSERT INTO accounts (name, skeleton, signing_key, created_ms) VALUES (?, ?, ?, ?) RETURNING id',
    )
    this.#insertDevice = database.prepare<[AccountId, number, number], { mailbox: MailboxId }>(
      'INSERT INTO devices (account, device, seen_ms) VALUES (?, ?, ?) RETURNING mailbox',
    )
    this.#insertCertificate = database.prepare<[MailboxId, Uint8Array]>(
      'INSERT INTO certificates (mailbox, certificate) VALUES (?, ?)',
    )
    this.#deleteAccount = database.prepare<[AccountId]>('DELETE FROM accounts WHERE id = ?')
    this.#deleteDevice = database.prepare<[MailboxId]>('DELETE FROM devices WHERE mailbox = ?')
    this.#touchDevice = database.prepare<[number, MailboxId]>(
      'UPDATE devices SET seen_ms = ? WHERE mailbox = ?',
    )
    this.#insertInvite = database.prepare<[Uint8Array, number, number]>(
      'INSERT INTO invite_codes (hash, uses_left, expires_ms) VALUES (?, ?, ?)',
    )
    this.#spendInvite = database.prepare<[Uint8Array, number]>(
      'UPDATE invite_codes SET uses_left = uses_left - 1 WHERE hash = ? AND uses_left > 0 AND expires_ms > ?',
    )
  }

  register(account: NewAccount, nowMs: number): Registration {
    const { name, signingKey, deviceId, certificate, inviteHash, deviceList = null } = account
    const existing = this.#account.get(name)
    if (existing !== undefined) {
      if (!equalPublicBytes(existing.signing_key, signingKey)) return { outcome: 'taken' }
      const isListed = deviceList !== null && this.#log.appendList(name, deviceList)
      if (isListed) this.#keepDevices(existing.id, deviceList.deviceIds)
      const devices = this.#devices.all(existing.id)
      const known = devices.find((row) => row.device === deviceId)
      if (known !== undefined && equalPublicBytes(known.certificate, certificate)) {
        return { outcome: 'existing' }
      }
      if (!isListed && this.#log.lists(name)) return { outcome: 'stale' }
      if (known === undefined && devices.length >= MAX_DEVICES) return { outcome: 'too-many' }
      // One that comes with another certificate has new keys: nothing kept for the old ones is of use to it.
      if (known !== undefined) this.#deleteDevice.run(known.mailbox)
      this.#addDevice(existing.id, deviceId, certificate, nowMs)
      return { outcome: 'existing' }
    }
    const skeleton = nameSkeleton(name)
    if (this.#skeleton.get(skeleton) !== undefined) return { outcome: 'looks-taken' }
    if (inviteHash !== null && this.#spendInvite.run(inviteHash, nowMs).changes === 0) {
      return { outcome: 'invite-refused' }
    }
    const inserted = this.#insertAccount.get(name, skeleton, signingKey, nowMs)
    if (inserted === undefined) throw new TypeError('an insert returned no row')
    this.#addDevice(inserted.id, deviceId, certificate, nowMs)
    if (deviceList !== null) this.#log.appendList(name, deviceList)
    return { outcome: 'created' }
  }

  /** Removes the devices that the newest list does not name: nobody uses their keys any more. */
  #keepDevices(account: AccountId, deviceIds: readonly number[]): void {
    for (const { device, mailbox } of this.#devices.all(account)) {
      if (!deviceIds.includes(device)) this.#deleteDevice.run(mailbox)
    }
  }

  #addDevice(account: AccountId, device: number, certificate: Uint8Array, nowMs: number): void {
    const inserted = this.#insertDevice.get(account, device, nowMs)
    if (inserted === undefined) throw new TypeError('an insert returned no row')
    this.#insertCertificate.run(inserted.mailbox, certificate)
  }

  findSigner(name: string): SignerRecord | null {
    const row = this.#signer.get(name)
    return row?.name === name ? { id: row.id, signingKey: row.signing_key } : null
  }

  find(name: string): AccountRecord | null {
    const row = this.#account.get(name)
    if (row === undefined) return null
    const devices = this.#devices.all(row.id).map(({ mailbox, device, certificate }) => ({
      mailbox,
      deviceId: device,
      certificate,
    }))
    return { id: row.id, name, signingKey: row.signing_key, devices }
  }

  nameState(name: string): 'free' | 'taken' | 'looks-taken' {
    if (this.#account.get(name) !== undefined) return 'taken'
    return this.#skeleton.get(nameSkeleton(name)) === undefined ? 'free' : 'looks-taken'
  }

  delete(id: AccountId): void {
    const row = this.#name.get(id)
    if (row === undefined) return
    this.#log.appendRemoval(row.name)
    this.#deleteAccount.run(id)
  }

  touchDevice(mailbox: MailboxId, nowMs: number): void {
    this.#touchDevice.run(nowMs, mailbox)
  }

  addInviteCode(hash: Uint8Array, uses: number, expiresAtMs: number): void {
    this.#insertInvite.run(hash, uses, expiresAtMs)
  }
}
