import { expect, test } from 'vitest'
import { keepTokens } from '#core/token-upkeep.ts'
import { tokenHash } from '#crypto/delivery-token.ts'
import { inviteDeliveryToken } from '#crypto/invite-token.ts'
import { encodeHex } from '#shared/bytes.ts'
import { failure } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import { contactOf, conversationOf, uniqueBytes } from '../store/builders.ts'
import { openContext } from './open-context.ts'

test('tokens that others have made their own at the relay are replaced, and keep none of the rest out', async () => {
  /** Hashes that belong to another account, and to ours. */
  const [theirs, ours, revoked] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const { context } = openContext({
    putTokens: (_host, _signer, { add, revoke }) => {
      const hashes = add.map(({ hash }) => encodeHex(hash))
      if (hashes.some((hash) => theirs.has(hash))) {
        return Promise.resolve(err(failure('CONFLICT')))
      }
      for (const hash of hashes) ours.add(hash)
      for (const hash of revoke) revoked.add(encodeHex(hash))
      return Promise.resolve(ok(undefined))
    },
  })
  const { store } = context
  const contacts = Array.from({ length: 5 }, () => {
    const contact = store.contacts.add(contactOf({ inboundTokenGranted: true }))
    store.conversations.add(conversationOf(contact.id))
    return contact
  })
  const blocked = store.contacts.add(contactOf({ relation: 'blocked' }))
  const invite = {
    label: uniqueBytes(),
    token: uniqueBytes(32),
    createdAtMs: 0,
    expiresAtMs: context.clock.nowMs() + 1_000,
    registered: true,
    usedBy: null,
  }
  store.invites.add(invite)
  const hashOf = (token: Uint8Array) => encodeHex(tokenHash(token))
  const [taken, ...others] = contacts
  if (taken === undefined) throw new Error('there are contacts')
  theirs.add(hashOf(taken.inboundToken))
  theirs.add(hashOf(inviteDeliveryToken(invite.token)))

  expect(valueOf(await keepTokens(context))).toMatchObject({ replaced: true })
  expect(ours).toEqual(new Set(others.map(({ inboundToken }) => hashOf(inboundToken))))
  expect(revoked).toEqual(new Set([hashOf(blocked.inboundToken)]))
  expect(store.invites.list()).toEqual([])
  const replaced = store.contacts.get(taken.id)
  expect(replaced).toMatchObject({ inboundTokenRegistered: false, inboundTokenGranted: false })

  expect(valueOf(await keepTokens(context))).toEqual({ granted: 1, replaced: false })
  expect(ours).toContain(hashOf(replaced?.inboundToken ?? uniqueBytes(32)))
})
