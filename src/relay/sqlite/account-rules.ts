import type { Database } from 'better-sqlite3'
import { blockedAccounts, quotasOf, type QuotasRow } from '../rows/administration.ts'
import type { MailboxRules } from '../rows/mailbox-rules.ts'
import type { AccountId, MailboxId } from '../storage.ts'
import type { BlockedAccount, Quotas } from '../storage-admin.ts'

type RulesRow = MailboxRules & QuotasRow

/** Blocks and quotas of single accounts. Synchronous: changes run inside a group commit. */
export class AccountRules {
  readonly #find
  readonly #setQuotas
  readonly #setBlocked
  readonly #dropEmpty
  readonly #blocked

  constructor(database: Database) {
    this.#find = database.prepare<[AccountId], RulesRow>(
      'SELECT blocked_ms, mailbox_envelopes, mailbox_bytes, tokens FROM account_rules WHERE account = ?',
    )
    // Selected from the accounts, so that nothing is stored for one that is gone.
    this.#setQuotas = database.prepare<[number | null, number | null, number | null, AccountId]>(
      `INSERT INTO account_rules (account, mailbox_envelopes, mailbox_bytes, tokens)
        SELECT id, ?, ?, ? FROM accounts WHERE id = ?
        ON CONFLICT DO UPDATE SET mailbox_envelopes = excluded.mailbox_envelopes,
          mailbox_bytes = excluded.mailbox_bytes, tokens = excluded.tokens`,
    )
    this.#setBlocked = database.prepare<[number | null, AccountId]>(
      `INSERT INTO account_rules (account, blocked_ms) SELECT id, ? FROM accounts WHERE id = ?
        ON CONFLICT DO UPDATE SET blocked_ms = excluded.blocked_ms`,
    )
    this.#dropEmpty = database.prepare<[AccountId]>(
      `DELETE FROM account_rules WHERE account = ? AND blocked_ms IS NULL
        AND mailbox_envelopes IS NULL AND mailbox_bytes IS NULL AND tokens IS NULL`,
    )
    this.#blocked = database.prepare<[], { account: AccountId; mailbox: MailboxId | null }>(
      `SELECT account_rules.account, mailbox FROM account_rules
        LEFT JOIN devices ON devices.account = account_rules.account
        WHERE blocked_ms IS NOT NULL ORDER BY account_rules.account`,
    )
  }

  quotas(account: AccountId): Quotas {
    return quotasOf(this.#find.get(account))
  }

  blockedAtMs(account: AccountId): number | null {
    return this.#find.get(account)?.blocked_ms ?? null
  }

  /** @returns `null` for almost every account. */
  find(account: AccountId): MailboxRules | null {
    return this.#find.get(account) ?? null
  }

  setQuotas(account: AccountId, quotas: Quotas): boolean {
    const { mailboxEnvelopes, mailboxBytes, tokens } = quotas
    const { changes } = this.#setQuotas.run(mailboxEnvelopes, mailboxBytes, tokens, account)
    this.#dropEmpty.run(account)
    return changes === 1
  }

  setBlocked(account: AccountId, atMs: number | null): boolean {
    const { changes } = this.#setBlocked.run(atMs, account)
    this.#dropEmpty.run(account)
    return changes === 1
  }

  blocked(): readonly BlockedAccount[] {
    return blockedAccounts(this.#blocked.iterate())
  }
}
