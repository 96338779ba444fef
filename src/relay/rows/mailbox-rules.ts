import type { MailboxLimits } from '../storage.ts'

/** What concerns the mailboxes of an account that has rules of its own: columns of a row, in both engines. */
export interface MailboxRules {
  readonly blocked_ms: number | null
  readonly mailbox_envelopes: number | null
  readonly mailbox_bytes: number | null
}

/** The limits of a mailbox under the rules of its account; `null` where it takes nothing. */
export function mailboxLimits(
  rules: MailboxRules | null,
  limits: MailboxLimits,
): MailboxLimits | null {
  if (rules === null) return limits
  if (rules.blocked_ms !== null) return null
  return {
    ...limits,
    envelopes: rules.mailbox_envelopes ?? limits.envelopes,
    bytes: rules.mailbox_bytes ?? limits.bytes,
  }
}
