import { expect, test } from 'vitest'
import { fingerprint } from '#crypto/identity.ts'
import {
  bindDirectConversation,
  bindGroupConversation,
  signMessage,
  verifyMessageSignature,
} from '#crypto/message-signature.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { encodeUtf8 } from '#shared/bytes.ts'

const [alice, bob, carol] = [0, 1, 2].map(() => SigningKeyPair.generate(randomBytes)) as [
  SigningKeyPair,
  SigningKeyPair,
  SigningKeyPair,
]
const between = (a: SigningKeyPair, b: SigningKeyPair): ReturnType<typeof bindDirectConversation> =>
  bindDirectConversation(fingerprint(a.publicKey), fingerprint(b.publicKey))
const conversation = between(alice, bob)
const message = encodeUtf8('I will be there')
const signature = signMessage(alice, conversation, message)

test('a signed message holds for its sender, conversation and content alone', () => {
  const { publicKey } = alice
  expect(verifyMessageSignature(publicKey, conversation, message, signature)).toBe(true)
  expect(verifyMessageSignature(bob.publicKey, conversation, message, signature)).toBe(false)
  expect(verifyMessageSignature(publicKey, between(alice, carol), message, signature)).toBe(false)
  const changed = encodeUtf8('I will be late')
  expect(verifyMessageSignature(publicKey, conversation, changed, signature)).toBe(false)
})

test('a conversation has one binding, the same on both sides', () => {
  expect(between(bob, alice)).toEqual(conversation)
  expect(between(alice, carol)).not.toEqual(conversation)
  expect(bindGroupConversation(conversation)).not.toEqual(conversation)
  expect(bindGroupConversation(encodeUtf8('a'))).not.toEqual(bindGroupConversation(encodeUtf8('b')))
})
