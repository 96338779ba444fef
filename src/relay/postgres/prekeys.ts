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
import type { Transaction, Transactions } from './transactions.ts'

interface CountsRow {
  readonly version: number
  readonly one_time: number
  readonly kem_one_time: number
}

const count = (kind: PrekeyKind): string =>
  `(SELECT count(*) FROM prekeys WHERE prekeys.mailbox = devices.mailbox AND kind = '${kind}')`
const COUNTS = `SELECT prekey_version AS version, ${count('one-time')} AS one_time,
  ${count('kem-one-time')} AS kem_one_time FROM devices WHERE mailbox = $1`
const LOCK = 'SELECT mailbox FROM devices WHERE mailbox = $1 FOR NO KEY UPDATE'
const REMOVE_REPLACED =
  "DELETE FROM prekeys WHERE mailbox = $1 AND kind IN ('signed', 'kem-last-resort')"
const ADD = `INSERT INTO prekeys (mailbox, kind, id, public_key, signature)
  SELECT $1, $2, * FROM unnest($3::bigint[], $4::bytea[], $5::bytea[]) ON CONFLICT DO NOTHING`
const SET_VERSION = 'UPDATE devices SET prekey_version = $2 WHERE mailbox = $1'
const READ = 'SELECT id, public_key, signature FROM prekeys WHERE mailbox = $1 AND kind = $2'
// Keys that others are about to take are passed over, so that nobody waits and none is given twice.
const TAKE = `DELETE FROM prekeys WHERE mailbox = $1 AND kind = $2
  AND id = (SELECT id FROM prekeys WHERE mailbox = $1 AND kind = $2 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING id, public_key, signature`
const DEVICES = `SELECT mailbox, device, certificate FROM devices JOIN certificates USING (mailbox)
  WHERE account = $1 ORDER BY device`
// Whoever repeats a request while it still runs waits here for its end.
const CLAIM_REPLY = `INSERT INTO bundle_replies AS known (hash, account, reply, expires_ms)
  SELECT $1, id, '', $4 FROM accounts WHERE id = $2
  ON CONFLICT (hash) DO UPDATE SET account = excluded.account, expires_ms = excluded.expires_ms
    WHERE known.account <> excluded.account OR known.expires_ms <= $3
  RETURNING hash`
const SET_REPLY = 'UPDATE bundle_replies SET reply = $2 WHERE hash = $1'
const REPLY = 'SELECT reply FROM bundle_replies WHERE hash = $1 AND account = $2'

function countsOf(row: CountsRow): PrekeyCounts {
  return { version: row.version, oneTime: row.one_time, kemOneTime: row.kem_one_time }
}

function add(
  transaction: Transaction,
  mailbox: MailboxId,
  kind: PrekeyKind,
  prekeys: readonly (Prekey | SignedPrekey)[],
): void {
  transaction.send(ADD, [
    mailbox,
    kind,
    prekeys.map(({ id }) => id),
    prekeys.map(({ publicKey }) => publicKey),
    prekeys.map((prekey) => ('signature' in prekey ? prekey.signature : UNSIGNED)),
  ])
}

async function publish(
  transaction: Transaction,
  mailbox: MailboxId,
  upload: PrekeyUpload,
  maxWaiting: number,
): Promise<Publication> {
  const counts = async (): Promise<PrekeyCounts | null> => {
    const [row] = await transaction.query<CountsRow>(COUNTS, [mailbox])
    return row === undefined ? null : countsOf(row)
  }
  await transaction.query(LOCK, [mailbox])
  const before = await counts()
  if (before === null) return { outcome: 'gone' }
  const unchanged = withoutStoring(before, upload, maxWaiting)
  if (unchanged !== null) return unchanged
  transaction.send(REMOVE_REPLACED, [mailbox])
  add(transaction, mailbox, 'signed', [upload.signed])
  add(transaction, mailbox, 'kem-last-resort', [upload.kemLastResort])
  add(transaction, mailbox, 'one-time', upload.oneTime)
  add(transaction, mailbox, 'kem-one-time', upload.kemOneTime)
  transaction.send(SET_VERSION, [mailbox, upload.version])
  return { outcome: 'stored', counts: (await counts()) ?? before }
}

async function takeBundle(
  transaction: Transaction,
  device: DeviceRow,
  lastResortOnly: boolean,
): Promise<PrekeyBundle | null> {
  const read = async (text: string, kind: PrekeyKind): Promise<PrekeyRow | undefined> =>
    (await transaction.query<PrekeyRow>(text, [device.mailbox, kind]))[0]
  const [signed, lastResort] = await Promise.all([
    read(READ, 'signed'),
    read(READ, 'kem-last-resort'),
  ])
  if (signed === undefined || lastResort === undefined) return null
  const [kem, oneTime] = lastResortOnly
    ? []
    : await Promise.all([read(TAKE, 'kem-one-time'), read(TAKE, 'one-time')])
  return bundleOf(device, { signed, lastResort, kem, oneTime })
}

async function takeBundles(
  transaction: Transaction,
  account: AccountId,
  { hash, nowMs, rememberUntilMs, lastResortOnly }: BundleRequest,
): Promise<readonly PrekeyBundle[] | null> {
  const claim = [hash, account, nowMs, rememberUntilMs]
  if ((await transaction.change(CLAIM_REPLY, claim)) === 0) {
    const [known] = await transaction.query<{ reply: Uint8Array }>(REPLY, [hash, account])
    return known === undefined ? null : (deserialize(known.reply) as PrekeyBundle[])
  }
  const bundles: PrekeyBundle[] = []
  for (const device of await transaction.query<DeviceRow>(DEVICES, [account])) {
    const bundle = await takeBundle(transaction, device, lastResortOnly)
    if (bundle !== null) bundles.push(bundle)
  }
  transaction.send(SET_REPLY, [hash, serialize(bundles)])
  return bundles
}

/** Prekeys and the bundles made of them. */
export class PrekeyTables {
  readonly #transactions: Transactions

  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  async counts(mailbox: MailboxId): Promise<PrekeyCounts | null> {
    const [row] = await this.#transactions.read<CountsRow>(COUNTS, [mailbox])
    return row === undefined ? null : countsOf(row)
  }

  publish(mailbox: MailboxId, upload: PrekeyUpload, maxWaiting: number): Promise<Publication> {
    return this.#transactions.answer((transaction) =>
      publish(transaction, mailbox, upload, maxWaiting),
    )
  }

  takeBundles(account: AccountId, request: BundleRequest): Promise<readonly PrekeyBundle[] | null> {
    return this.#transactions.answer((transaction) => takeBundles(transaction, account, request))
  }
}
