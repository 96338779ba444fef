import { createStore, openStore } from '#store/store.ts'
import { addConversation, addMessage, outboxItemOf } from '../unit/store/builders.ts'

// Writes numbered messages until it is killed; prints each number once it is committed.

const [path = '', keyHex = ''] = process.argv.slice(2)
const location = { path, key: Uint8Array.from(Buffer.from(keyHex, 'hex')) }
const opened = openStore(location)
const created = opened.ok ? opened : createStore(location)
if (!created.ok) throw new Error(created.error.code)
const store = created.value
const [row] = store.conversations.rows()
const conversation = row?.conversation ?? store.transaction(() => addConversation(store))

for (let number = Number(store.settings.get('next') ?? 0); ; number++) {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, number)
  store.transaction(() => {
    const message = addMessage(store, conversation.id, {
      id,
      text: `number${String(number)} ${'filler '.repeat(number % 200)}`,
      author: 'me',
    })
    store.outbox.add(
      outboxItemOf(conversation.contactId, { envelopeId: id, messageSeq: message.seq }),
    )
    store.settings.set('next', number + 1)
  })
  process.stdout.write(`${String(number)}\n`)
}
