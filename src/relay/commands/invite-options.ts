import type { Command } from 'commander'
import { MAX_INVITE_USES } from '../invite-code.ts'
import { wholeNumber } from './whole-number.ts'

const DAY_MS = 24 * 60 * 60_000
const MAX_DAYS = 36_500

/** How many may register with a code, and for how many days. */
export interface InviteFlags {
  readonly uses: number
  readonly days: number
}

/** Adds the options by which a code is made. */
export function withInviteOptions(command: Command): Command {
  return command
    .option('--uses <number>', 'how many may register with it', wholeNumber(1, MAX_INVITE_USES), 1)
    .option('--days <number>', 'how long it is good', wholeNumber(1, MAX_DAYS), 30)
}

/** When a code that is made now ends. */
export function inviteExpiryMs({ days }: InviteFlags): number {
  return Date.now() + days * DAY_MS
}
