import { expect, test } from 'vitest'
import { acceptIdentity, contactSafetyNumber } from '#core/contacts.ts'
import { keepTokens } from '#core/token-upkeep.ts'
import type { Relay } from '#core/ports.ts'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { ok } from '#shared/result.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import { contactOf, conversationOf, outboxItemOf, uniqueBytes } from '../store/builders.ts'
import { openContext } from './open-context.ts'

type Tokens = Parameters<Relay['putTokens']>[2]

/** A contact whose keys have changed. */
function setUp() {
  const told: Tokens[] = []
  const { context } = openContext({
    putTokens: (_host, _signer, tokens) => {
      told.push(tokens)
      return Promise.resolve(ok(undefined))
    },
  })
  const [signingKey, changedSigningKey] = [
    SigningKeyPair.generate(randomBytes).publicKey,
    SigningKeyPair.generate(randomBytes).publicKey,
  ]
  const contact = context.store.contacts.add(
    contactOf({
      signingKey,
      changedSigningKey,
      outboundToken: uniqueBytes(32),
      outboundTokenKind: 'grant',
      inboundTokenRegistered: true,
      inboundTokenGranted: true,
    }),
  )
  context.store.conversations.add(conversationOf(contact.id))
  const accept = () => {
    const { fingerprint } = valueOf(contactSafetyNumber(context, contact.id))
    valueOf(acceptIdentity(context, contact.id, fingerprint, () => undefined))
    return context.store.contacts.get(contact.id)
  }
  return { context, contact, told, accept }
}

test('the new keys of a contact get a token of their own, and that of the old ones ends', async () => {
  const { context, contact, told, accept } = setUp()
  const accepted = accept()
  expect(accepted).toMatchObject({ inboundTokenRegistered: false, inboundTokenGranted: false })
  expect(accepted?.inboundToken).not.toEqual(contact.inboundToken)
  expect(accepted?.inboundLabel).not.toEqual(contact.inboundLabel)
  valueOf(await keepTokens(context))
  expect(told).toMatchObject([
    {
      add: [{ hash: tokenHash(accepted?.inboundToken ?? uniqueBytes(32)) }],
      revoke: [tokenHash(contact.inboundToken)],
    },
  ])
})

test('what waits for new keys of a contact goes under another id', () => {
  const { context, contact, accept } = setUp()
  const waiting = outboxItemOf(contact.id, { envelope: uniqueBytes(300) })
  context.store.outbox.add(waiting)
  accept()
  const [left] = context.store.outbox.list()
  expect(left).toMatchObject({ content: waiting.content, envelope: null })
  expect(left?.envelopeId).not.toEqual(waiting.envelopeId)
})
