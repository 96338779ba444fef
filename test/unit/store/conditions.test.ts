import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Connection } from '#store/connection.ts'
import { migrate } from '#store/migrate.ts'
import { MIGRATIONS } from '#store/migrations/list.ts'
import { SqliteStore } from '#store/sqlite-store.ts'
import { StoreError } from '#store/store-error.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import { addConversation, addMessage, contactOf } from './builders.ts'
import { KEY, newStore, temporaryFolder } from './stores.ts'

function errorOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('a transaction', () => {
  test('keeps all of its changes, or none', () => {
    const store = newStore()
    const failure = new Error('half-way')
    expect(
      errorOf(() =>
        store.transaction(() => {
          const { id } = addConversation(store)
          addMessage(store, id, { text: 'never' })
          throw failure
        }),
      ),
    ).toBe(failure)
    expect(store.contacts.list()).toEqual([])
    const search = { text: 'never', conversationId: null, beforeSeq: null, limit: 1 }
    expect(store.messages.search(search)).toEqual([])
    expect(store.transaction(() => addConversation(store).id)).toBe(1)
    expect(store.contacts.list()).toHaveLength(1)
  })

  test('inside another undoes its own changes only', () => {
    const store = newStore()
    const { id } = addConversation(store)
    store.transaction(() => {
      addMessage(store, id, { text: 'outer before' })
      errorOf(() =>
        store.transaction(() => {
          addMessage(store, id, { text: 'inner' })
          throw new Error('half-way')
        }),
      )
      addMessage(store, id, { text: 'outer after' })
    })
    expect([...store.messages.iterate(id)].map(({ text }) => text)).toEqual([
      'outer before',
      'outer after',
    ])
    const search = (text: string): number =>
      store.messages.search({ text, conversationId: id, beforeSeq: null, limit: 9 }).length
    expect([search('outer'), search('inner')]).toEqual([2, 0])
  })

  test('cannot be left open by a promise', () => {
    const store = newStore()
    expect(() =>
      store.transaction(async () => {
        await Promise.resolve()
        store.settings.set('late', 1)
      }),
    ).toThrow(TypeError)
  })
})

describe('a full disk', () => {
  test('is told as such, undoes what was begun, and is over when there is space', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    const connection = new Connection(path, KEY)
    valueOf(migrate(connection, MIGRATIONS))
    const store = new SqliteStore(connection)
    onTestFinished(() => {
      store.close()
    })
    const { id } = addConversation(store)
    const pages = connection.pragma('page_count')
    connection.pragma(`max_page_count = ${String(Number(pages) + 20)}`)
    let stored = 0
    const error = errorOf(() => {
      for (;;) {
        store.transaction(() => {
          addMessage(store, id, { text: 'x'.repeat(500) })
          addMessage(store, id, { text: 'y'.repeat(500) })
        })
        stored += 2
      }
    })
    expect(error).toBeInstanceOf(StoreError)
    expect(error).toMatchObject({ code: 'STORE_FULL' })
    expect(stored).toBeGreaterThan(10)
    expect([...store.messages.iterate(id)]).toHaveLength(stored)
    connection.pragma('max_page_count = 1000000')
    addMessage(store, id, { text: 'at last' })
    expect([...store.messages.iterate(id)]).toHaveLength(stored + 1)
    const hits = store.messages.search({
      text: 'at last',
      conversationId: null,
      beforeSeq: null,
      limit: 1,
    })
    expect(hits).toHaveLength(1)
  })
})

describe('an error of the store', () => {
  test('names its code, and no content', () => {
    const store = newStore()
    const contact = store.contacts.add(contactOf({ displayName: 'Zebedee' }))
    const error = errorOf(() => store.contacts.add(contactOf({ address: contact.address })))
    expect(error).toBeInstanceOf(StoreError)
    const { message, cause, code } = error as StoreError
    expect(code).toBe('INTERNAL')
    expect(`${message} ${String(cause)}`).not.toMatch(/Zebedee|relay\.example/)
  })
})
