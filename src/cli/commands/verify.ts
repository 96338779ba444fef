import type { Command } from 'commander'
import type { Client } from '#core/client.ts'
import { failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { CommandRun, Outcome } from '../command-run.ts'
import { findContact, type FoundContact } from '../contact-lookup.ts'
import { EXIT } from '../exit-codes.ts'
import type { Refusal } from '../output.ts'
import { profileCommand, type Perform } from '../profile-command.ts'
import { localTime } from '../text-views.ts'

const GROUPS_PER_LINE = 4

interface VerifyFlags {
  readonly number?: string
  readonly qr?: string
  readonly undo?: true
  readonly acceptKeys?: string
}

/** `sotto verify`: shows the safety number, and compares it. */
export function verifyCommand(perform: Perform): Command {
  return profileCommand('verify', 'Show the safety number with a contact, or compare it.', [
    'sotto verify ada@relay.example.org',
    "sotto verify ada@relay.example.org --number '12345 67890 …'",
  ])
    .argument('<address>', 'of the contact')
    .option('--number <digits>', 'what the contact reads out: verified where it is equal')
    .option('--qr <text>', "text of the contact's QR code: verified where it fits")
    .option('--undo', 'the contact is not verified any more')
    .option(
      '--accept-keys <fingerprint>',
      'take the changed keys of the contact that were shown, unverified',
    )
    .action((address: string, flags: VerifyFlags, self: Command) =>
      perform(self, (run) => verify(run, address, flags)),
    )
}

function verify(run: CommandRun, address: string, flags: VerifyFlags): Promise<Outcome> {
  return run.withClient(async (client) => {
    const found = findContact(client, address)
    if (!found.ok) return found
    const applied = applyFlags(client, found.value, flags)
    if (!applied.ok) return applied
    const { id } = found.value
    const contact = client.getContact(id)
    const number = client.safetyNumber(id)
    if (!contact.ok) return contact
    if (!number.ok) return number
    const { identityChanged, verifiedAtMs } = contact.value
    const { groups, qr, fingerprint } = number.value
    const standing = identityChanged
      ? `The keys of this contact have CHANGED. This is the number of the new ones; compare it, then take them: --accept-keys ${fingerprint}`
      : verifiedAtMs === null
        ? 'Not verified. Compare the number with your contact, by voice or side by side.'
        : `Verified on ${localTime(verifiedAtMs)}.`
    await run.output.result(
      { address: contact.value.address, verifiedAtMs, identityChanged, groups, qr, fingerprint },
      `${numberText(groups)}\n${standing}`,
    )
    return ok(identityChanged ? EXIT.identity : EXIT.done)
  })
}

function applyFlags(
  client: Client,
  { id }: FoundContact,
  flags: VerifyFlags,
): Result<unknown, Refusal> {
  if (flags.acceptKeys !== undefined) {
    const fingerprint = flags.acceptKeys.replace(/\s/g, '').toLowerCase()
    const accepted = client.acceptIdentity(id, fingerprint)
    if (!accepted.ok) return accepted
  }
  if (flags.undo) return client.setVerified(id, false)
  if (flags.number !== undefined) {
    const number = client.safetyNumber(id)
    if (!number.ok) return number
    const digits = flags.number.replace(/\D/g, '')
    return digits === number.value.groups.join('') ? client.setVerified(id, true) : err(MISMATCH)
  }
  if (flags.qr !== undefined) {
    const compared = client.compareQr(id, flags.qr)
    return compared.ok && !compared.value.match ? err(MISMATCH) : compared
  }
  return ok(undefined)
}

const MISMATCH: Refusal = {
  ...failure('CONTACT_IDENTITY_CHANGED'),
  hint: 'The numbers differ: this is not the contact, or someone is in between. Do not write anything you would not tell a stranger.',
}

function numberText(groups: readonly string[]): string {
  const lines: string[] = []
  for (let start = 0; start < groups.length; start += GROUPS_PER_LINE) {
    lines.push(groups.slice(start, start + GROUPS_PER_LINE).join(' '))
  }
  return lines.join('\n')
}
