import { expect, test } from 'vitest'
import * as v from 'valibot'
import type { ContactId, ConversationId } from '#core/model.ts'
import { contactView } from '#core/view-mapping.ts'
import { SigningKeyPair, randomBytes } from '#crypto/primitives.ts'
import { decodeContent, encodeContent, MAX_DISPLAY_NAME_CHARS } from '#protocol/content.ts'
import { ContactView } from '#shared/views.ts'
import { address, contactOf } from '../store/builders.ts'

const LONG_HOST = `${`${'h'.repeat(60)}.`.repeat(4)}example`

test.each(['😀', 'aа'])('a contact who fills their name with "%s" can be shown', (letters) => {
  const displayName = letters.repeat(MAX_DISPLAY_NAME_CHARS / [...letters].length)
  // Nobody can be kept from seeing their contacts by what one of them is called.
  const sent = decodeContent(encodeContent({ sentAtMs: 1, profile: { displayName } }))
  expect(sent?.profile).toEqual({ displayName })
  const contact = {
    ...contactOf({
      address: address(`${'n'.repeat(32)}@${LONG_HOST}:65535`),
      displayName,
      signingKey: SigningKeyPair.generate(randomBytes).publicKey,
    }),
    id: 1 as ContactId,
  }
  const view = contactView(contact, 1 as ConversationId)
  expect(v.safeParse(ContactView, view).issues).toBeUndefined()
})
