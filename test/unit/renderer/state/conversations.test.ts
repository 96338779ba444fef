import { expect, test } from 'vitest'
import { listedConversations } from '../../../../src/renderer/state/conversations.ts'
import { contact, conversation, script } from '../../../helpers/renderer/people.ts'

test('the list has pinned conversations first, then the latest; no requests, blocked or archived ones', () => {
  const at = (id: number, endsAgoMs: number) =>
    script(id, id, endsAgoMs, [['them', 'x', 0]])[0] ?? null
  const rows = [
    conversation(contact(1, 'old'), { lastMessage: at(1, 3_000) }),
    conversation(contact(2, 'new'), { lastMessage: at(2, 1_000) }),
    conversation(contact(3, 'pinned'), { lastMessage: at(3, 9_000), pinned: true }),
    conversation(contact(4, 'request', { relation: 'request-in' })),
    conversation(contact(5, 'blocked', { relation: 'blocked' })),
    conversation(contact(6, 'away'), { archived: true }),
    conversation(contact(7, 'asked', { relation: 'request-out' })),
  ]
  const list = listedConversations(new Map(rows.map((row) => [row.id, row])))
  expect(list.map(({ contact: { title } }) => title)).toEqual(['pinned', 'new', 'old', 'asked'])
})
