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

interface TokenRow {
  readonly account: AccountId
  readonly label: Uint8Array
  readonly uses_left: number | null
  readonly expires_ms: number | null
  readonly ended_ms: number | null
}

interface MailboxRow {
  readonly mailbox: MailboxId
  readonly seen_ms: number
  readonly waiting: number
  readonly waiting_bytes: number
  readonly waiting_knocks: number
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

const MAILBOX_COLUMNS = 'mailbox, seen_ms, waiting, waiting_bytes, waiting_knocks'
const SUMS =
  'count(*) AS count, ifnull(sum(length(body)), 0) AS bytes, ifnull(sum(knock), 0) AS knocks'

/** Delivery tokens and the queues of envelopes. Synchronous: changes run inside a group commit. */
export class MailboxTables {
  readonly #token
  readonly #hasAccount
  readonly #countTokens
  readonly #insertToken
  readonly #revokeToken
  readonly #useToken
  readonly #mailboxOfDevice
  readonly #mailbox
  readonly #envelopeId
  readonly #nextSequence
  readonly #insertEnvelope
  readonly #waiting
  readonly #sumThrough
  readonly #clearThrough
  readonly #sumId
  readonly #clearId
  readonly #subtract

  constructor(database: Database) {
    this.#token = database.prepare<[Uint8Array], TokenRow>(
      'SELECT account, label, uses_left, expires_ms, ended_ms FROM tokens WHERE hash = ?',
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
    this.#mailboxOfDevice = database.prepare<[AccountId, number], MailboxRow>(
      `SELECT ${MAILBOX_COLUMNS} FROM devices WHERE account = ? AND device = ?`,
    )
    this.#mailbox = database.prepare<[MailboxId], MailboxRow>(
      `SELECT ${MAILBOX_COLUMNS} FROM devices WHERE mailbox = ?`,
    )
    this.#envelopeId = database.prepare<[MailboxId, Uint8Array], { row: number }>(
      'SELECT row FROM envelopes WHERE mailbox = ? AND id = ?',
    )
    this.#nextSequence = database.prepare<[number, number, MailboxId], { last_seq: number }>(
      `UPDATE devices SET last_seq = last_seq + 1, waiting = waiting + 1,
        waiting_bytes = waiting_bytes + ?, waiting_knocks = waiting_knocks + ?
        WHERE mailbox = ? RETURNING last_seq`,
    )
    this.#insertEnvelope = database.prepare<
      [MailboxId, number, number, number, Uint8Array, Uint8Array, Uint8Array]
    >(
      'INSERT INTO envelopes (mailbox, seq, knock, received_ms, id, label, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#waiting = database.prepare<[MailboxId, number, number], EnvelopeRow>(
      `SELECT seq, id, label, received_ms, body FROM envelopes
        WHERE mailbox = ? AND seq > ? AND body IS NOT NULL ORDER BY seq LIMIT ?`,
    )
    this.#sumThrough = database.prepare<[MailboxId, number], Sums>(
      `SELECT ${SUMS} FROM envelopes WHERE mailbox = ? AND seq <= ? AND body IS NOT NULL`,
    )
    this.#clearThrough = database.prepare<[MailboxId, number]>(
      'UPDATE envelopes SET body = NULL WHERE mailbox = ? AND seq <= ? AND body IS NOT NULL',
    )
    this.#sumId = database.prepare<[MailboxId, Uint8Array], Sums>(
      `SELECT ${SUMS} FROM envelopes WHERE mailbox = ? AND id = ? AND body IS NOT NULL`,
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
    const owner = (hash: Uint8Array): AccountId | undefined => this.#token.get(hash)?.account
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
  ): DepositOutcome {
    const token = this.#token.get(envelope.tokenHash)
    const mailbox = token && this.#mailboxOfDevice.get(token.account, envelope.deviceId)
    if (token === undefined || mailbox === undefined) return { outcome: 'refused' }
    // Before the token's state: a repeated deposit of its last use has arrived.
    if (this.#envelopeId.get(mailbox.mailbox, envelope.id)) return { outcome: 'seen' }
    const expired = token.expires_ms !== null && token.expires_ms <= nowMs
    if (token.ended_ms !== null || expired) return { outcome: 'refused' }
    const outcome = this.#store(mailbox, envelope, token.label, false, limits, nowMs)
    if (outcome.outcome === 'stored' && token.uses_left !== null) {
      const left = token.uses_left - 1
      this.#useToken.run(left, left === 0 ? nowMs : null, envelope.tokenHash)
    }
    return outcome
  }

  knock(
    knock: { readonly mailbox: MailboxId; readonly id: Uint8Array; readonly body: Uint8Array },
    limits: MailboxLimits,
    nowMs: number,
  ): DepositOutcome {
    const mailbox = this.#mailbox.get(knock.mailbox)
    if (mailbox === undefined) return { outcome: 'refused' }
    if (this.#envelopeId.get(mailbox.mailbox, knock.id)) return { outcome: 'seen' }
    return this.#store(mailbox, knock, KNOCK_LABEL, true, limits, nowMs)
  }

  #store(
    mailbox: MailboxRow,
    envelope: { readonly id: Uint8Array; readonly body: Uint8Array },
    label: Uint8Array,
    knock: boolean,
    limits: MailboxLimits,
    nowMs: number,
  ): DepositOutcome {
    const { id, body } = envelope
    if (
      mailbox.waiting >= limits.envelopes ||
      mailbox.waiting_bytes + body.length > limits.bytes ||
      (knock && mailbox.waiting_knocks >= limits.knocks) ||
      mailbox.seen_ms + limits.idleMs < nowMs
    ) {
      return { outcome: 'mailbox-full' }
    }
    const next = this.#nextSequence.get(body.length, Number(knock), mailbox.mailbox)
    if (next === undefined) throw new TypeError('a mailbox vanished inside its transaction')
    this.#insertEnvelope.run(mailbox.mailbox, next.last_seq, Number(knock), nowMs, id, label, body)
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
    for (const { seq, id, label, received_ms, body } of this.#waiting.iterate(
      mailbox,
      after,
      limit,
    )) {
      bytes += body.length
      if (envelopes.length > 0 && bytes > maxBytes) break
      envelopes.push({ sequence: seq, id, label, receivedAtMs: received_ms, body })
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
