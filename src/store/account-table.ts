import type { Account, Address } from '#core/model.ts'
import type { AccountTable } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, flag, integer, text } from './row.ts'

export class SqliteAccountTable implements AccountTable {
  readonly #get: Statement
  readonly #save: Statement
  readonly #setCursor: Statement

  constructor(connection: Connection) {
    this.#get = connection.statement('SELECT * FROM account')
    this.#save = connection.statement(`
      INSERT OR REPLACE INTO account VALUES (
        1, @address, @deviceId, @displayName, @signingKey, @agreementKey, @deviceCertificate, @createdAtMs,
        @registered, @relayCursor
      )`)
    this.#setCursor = connection.statement('UPDATE account SET relay_cursor = ?')
  }

  get(): Account | null {
    const row = this.#get.get()
    return row === undefined ? null : toAccount(row)
  }

  save(account: Account): void {
    this.#save.run({ ...account, registered: Number(account.registered) })
  }

  setCursor(relayCursor: number): void {
    this.#setCursor.run(relayCursor)
  }
}

function toAccount(row: Row): Account {
  return {
    address: text(row, 'address') as Address,
    deviceId: integer(row, 'device_id'),
    displayName: text(row, 'display_name'),
    signingKey: bytes(row, 'signing_key'),
    agreementKey: bytes(row, 'agreement_key'),
    deviceCertificate: bytes(row, 'device_certificate'),
    createdAtMs: integer(row, 'created_at_ms'),
    registered: flag(row, 'registered'),
    relayCursor: integer(row, 'relay_cursor'),
  }
}
