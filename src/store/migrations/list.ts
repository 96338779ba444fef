import { initial } from './0001-initial.ts'
import { contactsOfHandshakes } from './0002-contacts-of-handshakes.ts'
import { unconfirmed } from './0003-unconfirmed.ts'
import { relayLogs } from './0004-relay-logs.ts'
import type { Migration } from './migration.ts'

/** All steps, in order; a new one goes to the end. */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  contactsOfHandshakes,
  unconfirmed,
  relayLogs,
]
