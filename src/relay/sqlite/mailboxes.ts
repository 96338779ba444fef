import type { Database } from 'better-sqlite3'
import { KNOCK_LABEL } from '#protocol/relay-limits.ts'
import type {
  AccountId,
  DepositOutcome,
  MailboxId,
  MailboxLimits,
  StoredEnvelope,
  TokenRecord,
} from '../storage.ts'
import type { BatchTargetRecord } from '../storage-batches.ts'

interface MailboxRow {
  readonly mailbox: MailboxId
  readonly seen_ms: number
  readonly last_seq: number
  readonly waiting: number
  readonly waiting_bytes: number
  readonly waiting_knocks: number
}

interface TokenRow extends MailboxRow {
  readonly label: Uint8Array
  readonly uses_left: number | null
  readonly expires_ms: number | null
  readonly ended_ms: number | null
}

interface EnvelopeRow {
  readonly seq: number
  readonly id: Uint8Array
  readonly label: Uint8Array
  readonly received_ms: number
  readonly body: Uint8Array
}

interface Sums {
  readonly count: number
  readonly bytes: number
  readonly knocks: number
}

const MAILBOX_COLUMNS = 'mailbox, seen_ms, last_seq, waiting, waiting_bytes, waiting_knocks'
/** Read at a time, so that little more than what is wanted is in memory. */
const PAGE_ROWS = 32
/** Envelopes with their bodies, those of batches included. */
const WAITING =
  'envelopes LEFT JOIN shared_bodies ON shared_bodies.id = shared WHERE mailbox = ? AND envelopes.body IS NOT NULL'
const BODY = 'ifnull(shared_bodies.body, envelopes.body)'
const SUMS = `count(*) AS count, ifnull(sum(length(${BODY})), 0) AS bytes, ifnull(sum(knock), 0) AS knocks`
/** What an envelope of a batch has instead of a body of its own. */
const SHARED = new Uint8Array(0)

function insertedId(row: { readonly id: number } | undefined): number {
  if (row === undefined) throw new TypeError('an insert returned no row')
  return row.id
}

/** Delivery tokens and the queues of envelopes. Synchronous: changes run inside a group commit. */
export class MailboxTables {
  readonly #token
  readonly #tokenOwner
  readonly #hasAccount
  readonly #countTokens
  readonly #insertToken
  readonly #revokeToken
  readonly #useToken
  readonly #mailbox
  readonly #envelopeId
  readonly #insertEnvelope
  readonly #insertShared
  readonly #add
  readonly #waiting
  readonly #sumThrough
  readonly #clearThrough
  readonly #sumId
  readonly #clearId
  readonly #subtract

  constructor(database: Database) {
    this.#token = database.prepare<[number, Uint8Array], TokenRow>(
      `SELECT ${MAILBOX_COLUMNS}, label, uses_left, expires_ms, ended_ms FROM tokens
        JOIN devices ON devices.account = tokens.account AND device = ? WHERE hash = ?`,
    )
    this.#tokenOwner = database.prepare<[Uint8Array], { account: AccountId }>(
      'SELECT account FROM tokens WHERE hash = ?',
    )
    this.#hasAccount = database.prepare<[AccountId], { id: AccountId }>(
      'SELECT id FROM accounts WHERE id = ?',
    )
    this.#countTokens = database.prepare<[AccountId], { count: number }>(
      'SELECT count(*) AS count FROM tokens WHERE account = ?',
    )
    this.#insertToken = database.prepare<
      [Uint8Array, AccountId, Uint8Array, number | null, number | null]
    >(
      'INSERT INTO tokens (hash, account, label, uses_left, expires_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#revokeToken = database.prepare<[Uint8Array, AccountId, Uint8Array, number]>(
      `INSERT INTO tokens (hash, account, label, ended_ms) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET ended_ms = excluded.ended_ms
        WHERE account = excluded.account AND ended_ms IS NULL`,
    )
    this.#useToken = database.prepare<[number, number | null, Uint8Array]>(
      'UPDATE tokens SET uses_left = ?, ended_ms = ? WHERE hash = ?',
    )
    this.#mailbox = database.prepare<[MailboxId], MailboxRow>(
      `SELECT ${MAILBOX_COLUMNS} FROM devices WHERE mailbox = ?`,
    )
    this.#envelopeId = database.prepare<[MailboxId, Uint8Array], { row: number }>(
      'SELECT row FROM envelopes WHERE mailbox = ? AND id = ?',
    )
    this.#insertEnvelope = database.prepare<
      [MailboxId, number, number, number, Uint8Array, Uint8Array, Uint8Array, number | null]
    >(
      `INSERT INTO envelopes (mailbox, seq, knock, received_ms, id, label, body, shared)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mailbox, id) DO NOTHING`,
    )
    this.#insertShared = database.prepare<[Uint8Array], { id: number }>(
      'INSERT INTO shared_bodies (body) VALUES (?) RETURNING id',
    )
    this.#add = database.prepare<[number, number, number, MailboxId]>(
      `UPDATE devices SET last_seq = ?, waiting = waiting + 1, waiting_bytes = waiting_bytes + ?,
        waiting_knocks = waiting_knocks + ? WHERE mailbox = ?`,
    )
    this.#waiting = database.prepare<[MailboxId, number, number], EnvelopeRow>(
      `SELECT seq, envelopes.id, label, received_ms, ${BODY} AS body FROM ${WAITING} AND seq > ?
        ORDER BY seq LIMIT ?`,
    )
    this.#sumThrough = database.prepare<[MailboxId, number], Sums>(
      `SELECT ${SUMS} FROM ${WAITING} AND seq <= ?`,
    )
    this.#clearThrough = database.prepare<[MailboxId, number]>(
      'UPDATE envelopes SET body = NULL WHERE mailbox = ? AND seq <= ? AND body IS NOT NULL',
    )
    this.#sumId = database.prepare<[MailboxId, Uint8Array], Sums>(
      `SELECT ${SUMS} FROM ${WAITING} AND envelopes.id = ?`,
    )
    this.#clearId = database.prepare<[MailboxId, Uint8Array]>(
      'UPDATE envelopes SET body = NULL WHERE mailbox = ? AND id = ?',
    )
    this.#subtract = database.prepare<[number, number, number, MailboxId]>(
      `UPDATE devices SET waiting = waiting - ?, waiting_bytes = waiting_bytes - ?,
        waiting_knocks = waiting_knocks - ? WHERE mailbox = ?`,
    )
  }

  putTokens(
    account: AccountId,
    change: { readonly add: readonly TokenRecord[]; readonly revoke: readonly Uint8Array[] },
    maxTokens: number,
    nowMs: number,
  ): 'stored' | 'conflict' | 'too-many' | 'gone' {
    if (this.#hasAccount.get(account) === undefined) return 'gone'
    const owner = (hash: Uint8Array): AccountId | undefined => this.#tokenOwner.get(hash)?.account
    const added = change.add.filter(({ hash }) => owner(hash) !== account)
    const revoked = change.revoke.filter((hash) => owner(hash) !== account)
    const unknown = [...added.map(({ hash }) => hash), ...revoked]
    if (unknown.some((hash) => owner(hash) !== undefined)) return 'conflict'
    const held = this.#countTokens.get(account)?.count ?? 0
    if (held + unknown.length > maxTokens) return 'too-many'
    for (const { hash, label, uses, expiresAtMs } of added) {
      this.#insertToken.run(hash, account, label, uses, expiresAtMs)
    }
    // A token revoked before it arrived is remembered as revoked, so that its late arrival changes nothing.
    for (const hash of change.revoke) this.#revokeToken.run(hash, account, KNOCK_LABEL, nowMs)
    return 'stored'
  }

  deposit(
    envelope: {
      readonly tokenHash: Uint8Array
      readonly deviceId: number
      readonly id: Uint8Array
      readonly body: Uint8Array
    },
    limits: MailboxLimits,
    nowMs: number,
    share: (() => number) | null = null,
  ): DepositOutcome {
    const token = this.#token.get(envelope.deviceId, envelope.tokenHash)
    if (token === undefined) return { outcome: 'refused' }
    const expired = token.expires_ms !== null && token.expires_ms <= nowMs
    if (token.ended_ms !== null || expired) return this.#unlessSeen(token, envelope.id, 'refused')
    const result = this.#store(token, envelope, token.label, false, limits, nowMs, share)
    if (result.outcome === 'stored' && token.uses_left !== null) {
      const left = token.uses_left - 1
      this.#useToken.run(left, left === 0 ? nowMs : null, envelope.tokenHash)
    }
    return result
  }

  /** The body is inserted when the first envelope needs it, so that none is left without envelopes. */
  depositBatch(
    {
      body,
      targets,
    }: { readonly body: Uint8Array; readonly targets: readonly BatchTargetRecord[] },
    limits: MailboxLimits,
    nowMs: number,
  ): readonly DepositOutcome[] {
    let shared: number | null = null
    const share = (): number => (shared ??= insertedId(this.#insertShared.get(body)))
    return targets.map((target) => this.deposit({ ...target, body }, limits, nowMs, share))
  }

  knock(
    knock: { readonly mailbox: MailboxId; readonly id: Uint8Array; readonly body: Uint8Array },
    limits: MailboxLimits,
    nowMs: number,
  ): DepositOutcome {
    const mailbox = this.#mailbox.get(knock.mailbox)
    if (mailbox === undefined) return { outcome: 'refused' }
    return this.#store(mailbox, knock, KNOCK_LABEL, true, limits, nowMs, null)
  }

  /** A repeated deposit has arrived, whatever has become of its token or mailbox since. */
  #unlessSeen(
    { mailbox }: MailboxRow,
    id: Uint8Array,
    outcome: 'refused' | 'mailbox-full',
  ): DepositOutcome {
    return { outcome: this.#envelopeId.get(mailbox, id) === undefined ? outcome : 'seen' }
  }

  #store(
    mailbox: MailboxRow,
    envelope: { readonly id: Uint8Array; readonly body: Uint8Array },
    label: Uint8Array,
    isKnock: boolean,
    limits: MailboxLimits,
    nowMs: number,
    share: (() => number) | null,
  ): DepositOutcome {
    const { id, body } = envelope
    const knock = Number(isKnock)
    if (
      mailbox.waiting >= limits.envelopes ||
      mailbox.waiting_bytes + body.length > limits.bytes ||
      mailbox.waiting_knocks + knock > limits.knocks ||
      mailbox.seen_ms + limits.idleMs < nowMs
    ) {
      return this.#unlessSeen(mailbox, id, 'mailbox-full')
    }
    const seen = { outcome: 'seen' } as const
    if (share !== null && this.#envelopeId.get(mailbox.mailbox, id) !== undefined) return seen
    const seq = mailbox.last_seq + 1
    const own = share === null ? body : SHARED
    const shared = share === null ? null : share()
    const row = [mailbox.mailbox, seq, knock, nowMs, id, label, own, shared] as const
    if (this.#insertEnvelope.run(...row).changes === 0) return seen
    this.#add.run(seq, body.length, knock, mailbox.mailbox)
    return { outcome: 'stored', mailbox: mailbox.mailbox }
  }

  waiting(
    mailbox: MailboxId,
    after: number,
    limit: number,
    maxBytes: number,
  ): readonly StoredEnvelope[] | null {
    const envelopes: StoredEnvelope[] = []
    let bytes = 0
    let last = after
    for (let full = false; !full;) {
      const asked = Math.min(PAGE_ROWS, limit - envelopes.length)
      const rows = this.#waiting.all(mailbox, last, asked)
      full = rows.length < asked || envelopes.length + asked === limit
      for (const { seq, id, label, received_ms, body } of rows) {
        bytes += body.length
        if (envelopes.length > 0 && bytes > maxBytes) return envelopes
        envelopes.push({ sequence: seq, id, label, receivedAtMs: received_ms, body })
        last = seq
      }
    }
    if (envelopes.length === 0 && this.#mailbox.get(mailbox) === undefined) return null
    return envelopes
  }

  acknowledge(
    mailbox: MailboxId,
    which: { readonly through: number } | { readonly ids: readonly Uint8Array[] },
  ): number {
    if ('through' in which) {
      const sums = this.#sumThrough.get(mailbox, which.through)
      if (sums === undefined || sums.count === 0) return 0
      this.#clearThrough.run(mailbox, which.through)
      this.#subtract.run(sums.count, sums.bytes, sums.knocks, mailbox)
      return sums.count
    }
    let count = 0
    for (const id of which.ids) {
      const sums = this.#sumId.get(mailbox, id)
      if (sums === undefined || sums.count === 0) continue
      this.#clearId.run(mailbox, id)
      this.#subtract.run(sums.count, sums.bytes, sums.knocks, mailbox)
      count += 1
    }
    return count
  }
}
