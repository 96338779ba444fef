import { NAME_PATTERN } from '#protocol/address.ts'
import { refuse } from '../request-error.ts'
import type { AccountRecord, RelayStorage } from '../storage.ts'

/**
 * The account of a name as anybody may write it. One that breaks the rules is nobody's, and no database is asked for it:
 * PostgreSQL has no text with a NUL.
 * @throws RequestError ACCOUNT_UNKNOWN
 */
export async function accountNamed(storage: RelayStorage, name: string): Promise<AccountRecord> {
  const account = NAME_PATTERN.test(name) ? await storage.findAccount(name) : null
  if (account === null) throw refuse('ACCOUNT_UNKNOWN')
  return account
}
