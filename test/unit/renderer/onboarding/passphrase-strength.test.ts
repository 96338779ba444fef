import { expect, test } from 'vitest'
import { passphraseStrength } from '../../../../src/renderer/onboarding/passphrase-strength.ts'

test.each([
  ['', 'too-short'],
  ['abc123', 'too-short'],
  ['🙂🙂🙂🙂🙂🙂🙂', 'too-short'],
  ['password', 'weak'],
  ['Passwort2026!', 'weak'],
  ['aaaaaaaaaaaaaaaa', 'weak'],
  ['1234567890', 'weak'],
  ['abcdefghijkl', 'weak'],
  ['apple apple apple apple', 'weak'],
  ['battery staple horse', 'fair'],
  ['correct horse battery staple', 'good'],
  ['quiet river copper window seven lanterns', 'strong'],
  ['x7#Qp2!vL9@z', 'strong'],
])('%j is %s', (passphrase, strength) => {
  expect(passphraseStrength(passphrase)).toBe(strength)
})
