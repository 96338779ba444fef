import { useEffect, useState } from 'react'
import type { ErrorCode } from '#shared/errors.ts'
import type { ContactView, SafetyNumberView } from '#ipc/views.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { useContact } from '../state/conversations.ts'

export interface Verification {
  /** Kept current by the conversation list; `null` once the contact was removed. */
  readonly contact: ContactView | null
  /** Of the new keys, after a change. */
  readonly safetyNumber: SafetyNumberView | null
  readonly errorCode: ErrorCode | null
  readonly pending: boolean
  /** The number on the screen is the same on the other side: after a change, takes the new keys as well. */
  readonly confirm: () => Promise<boolean>
  /** Takes the mark back. */
  readonly withdraw: () => Promise<boolean>
  /** Takes the new keys without comparing. */
  readonly acceptKeys: () => Promise<boolean>
  /** Whether the text of the other side's code fits; if so they are verified. `null`: could not be compared. */
  readonly compare: (qr: string) => Promise<boolean | null>
}

/** The safety number with a contact, and what can be done about it. */
export function useVerification(contactId: number): Verification {
  const contact = useContact(contactId)
  const [safetyNumber, setSafetyNumber] = useState<SafetyNumberView | null>(null)
  const { run: read, ...reading } = useIpcCall('contacts.safetyNumber')
  const marking = useIpcCall('contacts.setVerified')
  const accepting = useIpcCall('contacts.acceptIdentity')
  const comparing = useIpcCall('contacts.compareQr')

  // Any change of the contact may be one of its keys.
  useEffect(() => {
    let stopped = false
    void read({ contactId }).then((outcome) => {
      if (outcome.ok && !stopped) setSafetyNumber(outcome.value)
    })
    return () => {
      stopped = true
    }
  }, [read, contactId, contact])

  async function acceptKeys(): Promise<boolean> {
    if (safetyNumber === null) return false
    const { fingerprint } = safetyNumber
    return (await accepting.run({ contactId, fingerprint })).ok
  }

  /** Marks only what the user has seen: keys that changed once more since then are refused. */
  async function confirm(): Promise<boolean> {
    if (contact?.identityChanged && !(await acceptKeys())) return false
    return (await marking.run({ contactId, verified: true })).ok
  }

  async function withdraw(): Promise<boolean> {
    return (await marking.run({ contactId, verified: false })).ok
  }

  async function compare(qr: string): Promise<boolean | null> {
    const outcome = await comparing.run({ contactId, qr: qr.trim() })
    if (outcome.ok) return outcome.value.match
    // It fits, but the changed keys have to be taken first.
    if (outcome.error.code === 'CONTACT_IDENTITY_CHANGED' && (await confirm())) {
      comparing.clearError()
      return true
    }
    return null
  }

  return {
    contact,
    safetyNumber,
    errorCode: reading.error ?? accepting.error ?? marking.error ?? comparing.error,
    pending: accepting.pending || marking.pending || comparing.pending,
    confirm,
    withdraw,
    acceptKeys,
    compare,
  }
}
