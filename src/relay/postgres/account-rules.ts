import { blockedAccounts, quotasOf, type QuotasRow } from '../rows/administration.ts'
import type { MailboxRules } from '../rows/mailbox-rules.ts'
import type { AccountId, MailboxId } from '../storage.ts'
import type { BlockedAccount, Quotas } from '../storage-admin.ts'
import type { Transactions, Value } from './transactions.ts'

type RulesRow = MailboxRules & QuotasRow

export interface FoundRules {
  readonly quotas: Quotas
  readonly blockedAtMs: number | null
}

const FIND = `SELECT blocked_ms, mailbox_envelopes, mailbox_bytes, tokens FROM account_rules
  WHERE account = $1`
// So that it is not deleted meanwhile.
const LOCK_ACCOUNT = 'SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE'
const SET_QUOTAS = `INSERT INTO account_rules (account, mailbox_envelopes, mailbox_bytes, tokens)
  VALUES ($1, $2, $3, $4) ON CONFLICT (account) DO UPDATE SET tokens = excluded.tokens,
    mailbox_envelopes = excluded.mailbox_envelopes, mailbox_bytes = excluded.mailbox_bytes`
const SET_BLOCKED = `INSERT INTO account_rules (account, blocked_ms) VALUES ($1, $2)
  ON CONFLICT (account) DO UPDATE SET blocked_ms = excluded.blocked_ms`
const DROP_EMPTY = `DELETE FROM account_rules WHERE account = $1 AND blocked_ms IS NULL
  AND mailbox_envelopes IS NULL AND mailbox_bytes IS NULL AND tokens IS NULL`
const BLOCKED = `SELECT account, mailbox FROM account_rules LEFT JOIN devices USING (account)
  WHERE blocked_ms IS NOT NULL ORDER BY account, mailbox`

/** Blocks and quotas of single accounts. Deposits and tokens read them where they are decided. */
export class AccountRules {
  readonly #transactions: Transactions

  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  async find(account: AccountId): Promise<FoundRules> {
    const [row] = await this.#transactions.read<RulesRow>(FIND, [account])
    return { quotas: quotasOf(row), blockedAtMs: row?.blocked_ms ?? null }
  }

  setQuotas(account: AccountId, quotas: Quotas): Promise<boolean> {
    const { mailboxEnvelopes, mailboxBytes, tokens } = quotas
    return this.#set(SET_QUOTAS, account, [mailboxEnvelopes, mailboxBytes, tokens])
  }

  setBlocked(account: AccountId, atMs: number | null): Promise<boolean> {
    return this.#set(SET_BLOCKED, account, [atMs])
  }

  async blocked(): Promise<readonly BlockedAccount[]> {
    type Row = { readonly account: AccountId; readonly mailbox: MailboxId | null }
    return blockedAccounts(await this.#transactions.read<Row>(BLOCKED))
  }

  #set(text: string, account: AccountId, values: readonly Value[]): Promise<boolean> {
    return this.#transactions.answer(async (transaction) => {
      if ((await transaction.query(LOCK_ACCOUNT, [account])).length === 0) return false
      transaction.send(text, [account, ...values])
      transaction.send(DROP_EMPTY, [account])
      return true
    })
  }
}
