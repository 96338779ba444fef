import type { Database } from 'better-sqlite3'
import { KNOCK_LABEL } from '#protocol/relay-limits.ts'
import { storedEnvelope, type EnvelopeRow } from '../rows/envelopes.ts'
import { mailboxLimits, type MailboxRules } from '../rows/mailbox-rules.ts'
import type {
  AccountId,
  Acknowledged,
  DepositedEnvelope,
  DepositOutcome,
  MailboxId,
  MailboxLimits,
  StoredEnvelope,
  TokenRecord,
} from '../storage.ts'
import type { BatchTargetRecord } from '../storage-batches.ts'
import type { AccountRules } from './account-rules.ts'
import type { HeldRows } from './group-commit.ts'

interface MailboxRow {
  readonly mailbox: MailboxId
  readonly account: AccountId
  readonly seen_ms: number
  readonly last_seq: number
  readonly waiting: number
  readonly waiting_bytes: number
  readonly waiting_knocks: number
}

/** A mailbox that deposits went to lately: its row as they leave it, and what those of the running group add. */
interface OpenMailbox {
  readonly mailbox: MailboxId
  readonly rules: MailboxRules | null
  readonly seen_ms: number
  last_seq: number
  waiting: number
  waiting_bytes: number
  waiting_knocks: number
  added: number
  addedBytes: number
  addedKnocks: number
}

interface TokenRow extends MailboxRow {
  readonly label: Uint8Array
  readonly uses_left: number | null
  readonly expires_ms: number | null
  readonly ended_ms: number | null
}

/** A token that deposits came by lately. */
interface OpenToken {
  readonly hash: Uint8Array
  readonly label: Uint8Array
  readonly expires_ms: number | null
  readonly uses_left: number | null
  readonly ended_ms: number | null
  readonly mailbox: OpenMailbox
}

interface Sums {
  readonly count: number
  readonly bytes: number
  readonly knocks: number
}

const REFUSED = { outcome: 'refused' } as const
const SEEN = { outcome: 'seen' } as const
const MAILBOX_FULL = { outcome: 'mailbox-full' } as const

const MAILBOX_COLUMNS =
  'mailbox, devices.account AS account, seen_ms, last_seq, waiting, waiting_bytes, waiting_knocks'
/** Tokens and mailboxes held from one group to the next: about 4 MB. */
const MAX_OPEN = 10_000
/** Read at a time, so that little more than what is wanted is in memory. */
const PAGE_ROWS = 32
/** Envelopes with their bodies, those of batches included. */
const WAITING =
  'envelopes LEFT JOIN shared_bodies ON shared_bodies.id = shared WHERE mailbox = ? AND envelopes.body IS NOT NULL'
const BODY = 'ifnull(shared_bodies.body, envelopes.body)'
const SUMS = `count(*) AS count, ifnull(sum(length(${BODY})), 0) AS bytes, ifnull(sum(knock), 0) AS knocks`
/**
 * Takes the bodies off envelopes by writing their rows anew, behind all others: where its body was, a row would keep
 * the page it is on. Not those of batches, whose rows are short, and whose shared bodies go by a trigger.
 */
function shrink(which: string): string {
  const kept = 'mailbox, seq, knock, received_ms, id, label'
  return `REPLACE INTO envelopes (${kept}) SELECT ${kept} FROM envelopes
    WHERE mailbox = ? AND ${which} AND body IS NOT NULL AND shared IS NULL`
}

/** What an envelope of a batch has instead of a body of its own. */
const SHARED = new Uint8Array(0)

function insertedId(row: { readonly id: number } | undefined): number {
  if (row === undefined) throw new TypeError('an insert returned no row')
  return row.id
}

const latin1 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1')

/**
 * Delivery tokens and the queues of envelopes. Synchronous: changes run inside a group commit. Deposits read a token
 * and a mailbox once, as long as nothing else changes them, and hold back the mailbox's new counts until the group ends
 * or something else is to be done in it.
 */
export class MailboxTables implements HeldRows {
  readonly #rules: AccountRules
  readonly #openTokens = new Map<string, OpenToken>()
  readonly #openMailboxes = new Map<MailboxId, OpenMailbox>()
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
  readonly #shrinkThrough
  readonly #clearThrough
  readonly #sumId
  readonly #shrinkId
  readonly #clearId
  readonly #subtract

  constructor(database: Database, rules: AccountRules) {
    this.#rules = rules
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
    this.#add = database.prepare<[number, number, number, number, MailboxId]>(
      `UPDATE devices SET last_seq = ?, waiting = waiting + ?, waiting_bytes = waiting_bytes + ?,
        waiting_knocks = waiting_knocks + ? WHERE mailbox = ?`,
    )
    this.#waiting = database.prepare<[MailboxId, number, number], EnvelopeRow>(
      `SELECT seq, envelopes.id, label, received_ms, ${BODY} AS body FROM ${WAITING} AND seq > ?
        ORDER BY seq LIMIT ?`,
    )
    this.#sumThrough = database.prepare<[MailboxId, number], Sums>(
      `SELECT ${SUMS} FROM ${WAITING} AND seq <= ?`,
    )
    this.#shrinkThrough = database.prepare<[MailboxId, number]>(shrink('seq <= ?'))
    this.#clearThrough = database.prepare<[MailboxId, number]>(
      'UPDATE envelopes SET body = NULL WHERE mailbox = ? AND seq <= ? AND body IS NOT NULL',
    )
    this.#sumId = database.prepare<[MailboxId, Uint8Array], Sums>(
      `SELECT ${SUMS} FROM ${WAITING} AND envelopes.id = ?`,
    )
    this.#shrinkId = database.prepare<[MailboxId, Uint8Array]>(shrink('id = ?'))
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
    if (added.some(({ hash }) => owner(hash) !== undefined)) return 'conflict'
    const unknown = change.revoke.filter((hash) => owner(hash) === undefined)
    const held = this.#countTokens.get(account)?.count ?? 0
    const most = this.#rules.quotas(account).tokens ?? maxTokens
    if (held + added.length + unknown.length > most) return 'too-many'
    for (const { hash, label, uses, expiresAtMs } of added) {
      this.#insertToken.run(hash, account, label, uses, expiresAtMs)
    }
    // A token revoked before it arrived is remembered as revoked, so that its late arrival changes nothing. Another
    // account's is left alone.
    for (const hash of change.revoke) this.#revokeToken.run(hash, account, KNOCK_LABEL, nowMs)
    return 'stored'
  }

  deposit(
    envelope: DepositedEnvelope,
    limits: MailboxLimits,
    nowMs: number,
    share: (() => number) | null = null,
  ): DepositOutcome {
    const token = this.#openToken(envelope.deviceId, envelope.tokenHash)
    if (token === null) return REFUSED
    const expired = token.expires_ms !== null && token.expires_ms <= nowMs
    if (token.ended_ms !== null || expired) {
      return this.#unlessSeen(token.mailbox, envelope.id, REFUSED)
    }
    const result = this.#store(token.mailbox, envelope, token.label, false, limits, nowMs, share)
    if (result.outcome === 'stored' && token.uses_left !== null) {
      const left = token.uses_left - 1
      this.#useToken.run(left, left === 0 ? nowMs : null, token.hash)
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
    let open = this.#openMailboxes.get(knock.mailbox)
    if (open === undefined) {
      const row = this.#mailbox.get(knock.mailbox)
      if (row === undefined) return REFUSED
      open = this.#open(row)
    }
    return this.#store(open, knock, KNOCK_LABEL, true, limits, nowMs, null)
  }

  write(): void {
    for (const open of this.#openMailboxes.values()) {
      if (open.added === 0) continue
      const { last_seq, added, addedBytes, addedKnocks, mailbox } = open
      this.#add.run(last_seq, added, addedBytes, addedKnocks, mailbox)
      open.added = 0
      open.addedBytes = 0
      open.addedKnocks = 0
    }
    if (this.#openTokens.size + this.#openMailboxes.size > MAX_OPEN) this.drop()
  }

  drop(): void {
    if (this.#openMailboxes.size === 0) return
    this.#openMailboxes.clear()
    this.#openTokens.clear()
  }

  #open(row: MailboxRow): OpenMailbox {
    const rules = this.#rules.find(row.account)
    const open = { ...row, rules, added: 0, addedBytes: 0, addedKnocks: 0 }
    this.#openMailboxes.set(row.mailbox, open)
    return open
  }

  #openToken(deviceId: number, hash: Uint8Array): OpenToken | null {
    const key = `${deviceId} ${latin1(hash)}`
    const known = this.#openTokens.get(key)
    if (known !== undefined) return known
    const row = this.#token.get(deviceId, hash)
    if (row === undefined) return null
    const { label, uses_left, expires_ms, ended_ms, ...counts } = row
    const mailbox = this.#openMailboxes.get(row.mailbox) ?? this.#open(counts)
    const token = { hash, label, uses_left, expires_ms, ended_ms, mailbox }
    // One whose uses are counted leads to several devices: it is read anew for each deposit.
    if (uses_left === null) this.#openTokens.set(key, token)
    return token
  }

  /** A repeated deposit has arrived, whatever has become of its token or mailbox since. */
  #unlessSeen({ mailbox }: OpenMailbox, id: Uint8Array, outcome: DepositOutcome): DepositOutcome {
    return this.#envelopeId.get(mailbox, id) === undefined ? outcome : SEEN
  }

  #store(
    mailbox: OpenMailbox,
    envelope: { readonly id: Uint8Array; readonly body: Uint8Array },
    label: Uint8Array,
    isKnock: boolean,
    common: MailboxLimits,
    nowMs: number,
    share: (() => number) | null,
  ): DepositOutcome {
    const { id, body } = envelope
    const knock = Number(isKnock)
    const limits = mailboxLimits(mailbox.rules, common)
    if (
      limits === null ||
      mailbox.waiting >= limits.envelopes ||
      mailbox.waiting_bytes + body.length > limits.bytes ||
      mailbox.waiting_knocks + knock > limits.knocks ||
      mailbox.seen_ms + limits.idleMs < nowMs
    ) {
      return this.#unlessSeen(mailbox, id, MAILBOX_FULL)
    }
    if (share !== null && this.#envelopeId.get(mailbox.mailbox, id) !== undefined) return SEEN
    const seq = mailbox.last_seq + 1
    const own = share === null ? body : SHARED
    const shared = share === null ? null : share()
    const row = [mailbox.mailbox, seq, knock, nowMs, id, label, own, shared] as const
    if (this.#insertEnvelope.run(...row).changes === 0) return SEEN
    mailbox.last_seq = seq
    mailbox.waiting += 1
    mailbox.waiting_bytes += body.length
    mailbox.waiting_knocks += knock
    mailbox.added += 1
    mailbox.addedBytes += body.length
    mailbox.addedKnocks += knock
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
      for (const row of rows) {
        bytes += row.body.length
        if (envelopes.length > 0 && bytes > maxBytes) return envelopes
        envelopes.push(storedEnvelope(row))
        last = row.seq
      }
    }
    if (envelopes.length === 0 && this.#mailbox.get(mailbox) === undefined) return null
    return envelopes
  }

  acknowledge(mailbox: MailboxId, which: Acknowledged): number {
    if ('through' in which) {
      const sums = this.#sumThrough.get(mailbox, which.through)
      if (sums === undefined || sums.count === 0) return 0
      this.#shrinkThrough.run(mailbox, which.through)
      this.#clearThrough.run(mailbox, which.through)
      this.#take(mailbox, sums)
      return sums.count
    }
    let count = 0
    for (const id of which.ids) {
      const sums = this.#sumId.get(mailbox, id)
      if (sums === undefined || sums.count === 0) continue
      this.#shrinkId.run(mailbox, id)
      this.#clearId.run(mailbox, id)
      this.#take(mailbox, sums)
      count += 1
    }
    return count
  }

  /** Takes acknowledged envelopes off the counts: of the row, and of the mailbox where it is open. */
  #take(mailbox: MailboxId, { count, bytes, knocks }: Sums): void {
    this.#subtract.run(count, bytes, knocks, mailbox)
    const open = this.#openMailboxes.get(mailbox)
    if (open === undefined) return
    open.waiting -= count
    open.waiting_bytes -= bytes
    open.waiting_knocks -= knocks
  }
}
