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
import { Batches } from './batches.ts'
import { LogAppender } from './log-appender.ts'
import { releaseBodies } from './shared-bodies.ts'
import { RunAgain, type Transaction, type Transactions } from './transactions.ts'

/** What the log tells of: one process has one transaction for it at a time, since all wait for each other. */
type Change =
  | { readonly kind: 'register'; readonly account: NewAccount; readonly nowMs: number }
  | { readonly kind: 'delete'; readonly id: AccountId }

const MAX_CHANGES = 64

const FIND_SIGNER = signerOrFirst('$1')
const FIND = `SELECT id, signing_key, mailbox, device, certificate FROM accounts
  LEFT JOIN devices ON account = id LEFT JOIN certificates USING (mailbox) WHERE name = $1 ORDER BY device`
const LOCK_BY_NAME = 'SELECT id, signing_key FROM accounts WHERE name = $1 FOR NO KEY UPDATE'
const LOCK = 'SELECT name FROM accounts WHERE id = $1 FOR UPDATE'
const LOCK_NAMES = `SELECT id FROM accounts WHERE name = ANY ($1::text[])
  ORDER BY id FOR NO KEY UPDATE`
const LOCK_IDS = 'SELECT id FROM accounts WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE'
const LOCK_THEIR_MAILBOXES = `SELECT mailbox FROM devices WHERE account IN
    (SELECT id FROM accounts WHERE name = ANY ($1::text[]) UNION SELECT unnest($2::bigint[]))
  ORDER BY mailbox FOR UPDATE`
const DEVICE = `SELECT mailbox, certificate FROM devices JOIN certificates USING (mailbox)
  WHERE account = $1 AND device = $2`
const COUNT_DEVICES = 'SELECT count(*)::int AS count FROM devices WHERE account = $1'
const UNLISTED = 'SELECT mailbox FROM devices WHERE account = $1 AND device <> ALL ($2::bigint[])'
const MAILBOXES = 'SELECT mailbox FROM devices WHERE account = $1'
const SPEND_INVITE = `UPDATE invite_codes SET uses_left = uses_left - 1
  WHERE hash = $1 AND uses_left > 0 AND expires_ms > $2`
const ADD = `INSERT INTO accounts (name, skeleton, signing_key, created_ms) VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING RETURNING id`
const LOOKS_LIKE = 'SELECT name FROM accounts WHERE skeleton = $1'
const NAME_STATE = `SELECT EXISTS (SELECT FROM accounts WHERE name = $1) AS taken,
  EXISTS (SELECT FROM accounts WHERE skeleton = $2) AS looks_taken`
const ADD_DEVICE =
  'INSERT INTO devices (account, device, seen_ms) VALUES ($1, $2, $3) RETURNING mailbox'
const ADD_CERTIFICATE = 'INSERT INTO certificates (mailbox, certificate) VALUES ($1, $2)'
const LOCK_MAILBOXES =
  'SELECT mailbox FROM devices WHERE mailbox = ANY ($1::bigint[]) ORDER BY mailbox FOR UPDATE'

const REMOVE_ENVELOPES = 'DELETE FROM envelopes WHERE mailbox = ANY ($1::bigint[]) RETURNING shared'

/** Removes devices with all they hold. */
async function deleteDevices(
  transaction: Transaction,
  mailboxes: readonly MailboxId[],
): Promise<void> {
  const [, removed] = await Promise.all([
    transaction.query(LOCK_MAILBOXES, [mailboxes]),
    transaction.query<{ shared: number | null }>(REMOVE_ENVELOPES, [mailboxes]),
  ])
  releaseBodies(transaction, removed)
  for (const table of ['envelope_ids', 'presence', 'devices']) {
    transaction.send(`DELETE FROM ${table} WHERE mailbox = ANY ($1::bigint[])`, [mailboxes])
  }
}

async function addDevice(
  transaction: Transaction,
  account: AccountId,
  { deviceId, certificate }: NewAccount,
  nowMs: number,
): Promise<void> {
  const [added] = await transaction.query<{ mailbox: MailboxId }>(ADD_DEVICE, [
    account,
    deviceId,
    nowMs,
  ])
  if (added === undefined) throw new TypeError('an insert returned no row')
  transaction.send(ADD_CERTIFICATE, [added.mailbox, certificate])
}

/** Removes the devices that the newest list does not name: nobody uses their keys any more. */
async function keepDevices(
  transaction: Transaction,
  account: AccountId,
  deviceIds: readonly number[],
): Promise<void> {
  const unlisted = await transaction.query<{ mailbox: MailboxId }>(UNLISTED, [account, deviceIds])
  if (unlisted.length === 0) return
  await deleteDevices(
    transaction,
    unlisted.map(({ mailbox }) => mailbox),
  )
}

async function hasAllDevices(transaction: Transaction, account: AccountId): Promise<boolean> {
  const [row] = await transaction.query<{ count: number }>(COUNT_DEVICES, [account])
  return (row?.count ?? 0) >= MAX_DEVICES
}

/**
 * Gives an account a device with this certificate. One that comes with another certificate than before has new keys:
 * nothing kept for the old ones is of use to it.
 */
async function renewDevice(
  transaction: Transaction,
  log: LogAppender,
  account: AccountId,
  change: NewAccount,
  nowMs: number,
): Promise<Registration> {
  const { name, deviceId, certificate, deviceList = null } = change
  const isListed = deviceList !== null && (await log.appendList(name, deviceList))
  if (isListed) await keepDevices(transaction, account, deviceList.deviceIds)
  const [known] = await transaction.query<DeviceRow>(DEVICE, [account, deviceId])
  if (known !== undefined && equalPublicBytes(known.certificate, certificate)) {
    return { outcome: 'existing' }
  }
  if (!isListed && (await log.lists(name))) return { outcome: 'stale' }
  if (known !== undefined) await deleteDevices(transaction, [known.mailbox])
  else if (await hasAllDevices(transaction, account)) return { outcome: 'too-many' }
  await addDevice(transaction, account, change, nowMs)
  return { outcome: 'existing' }
}

async function register(
  transaction: Transaction,
  log: LogAppender,
  account: NewAccount,
  nowMs: number,
): Promise<Registration> {
  const { name, signingKey, inviteHash, deviceList = null } = account
  const [existing] = await transaction.query<AccountRow>(LOCK_BY_NAME, [name])
  if (existing !== undefined) {
    if (!equalPublicBytes(existing.signing_key, signingKey)) return { outcome: 'taken' }
    return renewDevice(transaction, log, existing.id, account, nowMs)
  }
  const skeleton = nameSkeleton(name)
  const [alike] = await transaction.query<{ name: string }>(LOOKS_LIKE, [skeleton])
  // It came since we looked for it by its name.
  if (alike?.name === name) throw new RunAgain()
  if (alike !== undefined) return { outcome: 'looks-taken' }
  if (inviteHash !== null && (await transaction.change(SPEND_INVITE, [inviteHash, nowMs])) === 0) {
    return { outcome: 'invite-refused' }
  }
  const [added] = await transaction.query<{ id: AccountId }>(ADD, [
    name,
    skeleton,
    signingKey,
    nowMs,
  ])
  // Somebody else took the name, or one that looks like it, since we looked.
  if (added === undefined) throw new RunAgain()
  await addDevice(transaction, added.id, account, nowMs)
  if (deviceList !== null) await log.appendList(name, deviceList)
  return { outcome: 'created' }
}

async function remove(transaction: Transaction, log: LogAppender, id: AccountId): Promise<void> {
  const [account] = await transaction.query<{ name: string }>(LOCK, [id])
  if (account === undefined) return
  await log.appendRemoval(account.name)
  const devices = await transaction.query<{ mailbox: MailboxId }>(MAILBOXES, [id])
  await deleteDevices(
    transaction,
    devices.map(({ mailbox }) => mailbox),
  )
  transaction.send('DELETE FROM accounts WHERE id = $1', [id])
}

/**
 * One after the other in one transaction. The locks are taken ahead: the log, then all accounts, then all mailboxes, each
 * in their order, as everyone does who holds several.
 */
async function apply(
  transaction: Transaction,
  changes: readonly Change[],
): Promise<readonly (Registration | null)[]> {
  const names = changes.flatMap((change) =>
    change.kind === 'register' ? [change.account.name] : [],
  )
  const ids = changes.flatMap((change) => (change.kind === 'delete' ? [change.id] : []))
  const [log] = await Promise.all([
    LogAppender.begin(transaction),
    transaction.query(LOCK_NAMES, [names]),
    transaction.query(LOCK_IDS, [ids]),
    transaction.query(LOCK_THEIR_MAILBOXES, [names, ids]),
  ])
  await log.prepare(names)
  const answers: (Registration | null)[] = []
  for (const change of changes) {
    if (change.kind === 'register') {
      answers.push(await register(transaction, log, change.account, change.nowMs))
    } else {
      await remove(transaction, log, change.id)
      answers.push(null)
    }
  }
  return answers
}

/** Accounts, their devices and invite codes. */
export class AccountTables {
  readonly #transactions: Transactions
  readonly #changes: Batches<Change, Registration | null>

  constructor(transactions: Transactions) {
    this.#transactions = transactions
    this.#changes = new Batches({
      lanes: 1,
      maxJobs: MAX_CHANGES,
      laneOf: () => 0,
      run: (changes) =>
        transactions.run((transaction) => apply(transaction, changes), changes.length),
    })
  }

  async register(account: NewAccount, nowMs: number): Promise<Registration> {
    const answer = await this.#changes.add({ kind: 'register', account, nowMs })
    if (answer === null) throw new TypeError('a registration has no answer')
    return answer
  }

  async findSigner(name: string): Promise<SignerRecord | null> {
    const [row] = await this.#transactions.read<SignerRow>(FIND_SIGNER, [name])
    return row?.name === name ? { id: row.id, signingKey: row.signing_key } : null
  }

  async find(name: string): Promise<AccountRecord | null> {
    type Row = AccountRow & { [Key in keyof DeviceRow]: DeviceRow[Key] | null }
    const rows = await this.#transactions.read<Row>(FIND, [name])
    const [first] = rows
    if (first === undefined) return null
    const devices = rows.flatMap(({ mailbox, device, certificate }) =>
      mailbox === null || device === null || certificate === null
        ? []
        : [{ mailbox, deviceId: device, certificate }],
    )
    return { id: first.id, name, signingKey: first.signing_key, devices }
  }

  async nameState(name: string): Promise<'free' | 'taken' | 'looks-taken'> {
    type Row = { readonly taken: boolean; readonly looks_taken: boolean }
    const [row] = await this.#transactions.read<Row>(NAME_STATE, [name, nameSkeleton(name)])
    if (row?.taken === true) return 'taken'
    return row?.looks_taken === true ? 'looks-taken' : 'free'
  }

  async delete(id: AccountId): Promise<void> {
    await this.#changes.add({ kind: 'delete', id })
  }

  /** Resolves when every change so far has been answered. */
  close(): Promise<void> {
    return this.#changes.close()
  }

  addInviteCode(hash: Uint8Array, uses: number, expiresAtMs: number): Promise<void> {
    return this.#transactions.answer(async (transaction) =>
      transaction.send(
        'INSERT INTO invite_codes (hash, uses_left, expires_ms) VALUES ($1, $2, $3)',
        [hash, uses, expiresAtMs],
      ),
    )
  }
}
