import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '#core/ports.ts'
import { Connection } from '#store/connection.ts'
import { MIGRATIONS } from '#store/migrations/list.ts'
import type { Migration } from '#store/migrations/migration.ts'
import { createStore, openStore } from '#store/store.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'
import { addConversation, addMessage } from './builders.ts'
import { KEY, temporaryFolder } from './stores.ts'
import { FIXTURE_KEY, FIXTURE_SNAPSHOT, snapshotOf } from './fixture.ts'

const planted: Migration = {
  version: MIGRATIONS.length + 1,
  up: (connection) => {
    connection.exec('ALTER TABLE contacts ADD COLUMN colour TEXT')
  },
}

function newFile(): string {
  const path = join(temporaryFolder(), 'sotto.db')
  const store = valueOf(createStore({ path, key: KEY }))
  addMessage(store, addConversation(store).id, { text: 'from before' })
  store.close()
  return path
}

function open(path: string, migrations: readonly Migration[]): Store {
  const store = valueOf(openStore({ path, key: KEY }, migrations))
  onTestFinished(() => {
    store.close()
  })
  return store
}

describe('migrations', () => {
  test('are numbered without gaps', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(
      MIGRATIONS.map((_, index) => index + 1),
    )
    const path = newFile()
    expect(() => openStore({ path, key: KEY }, [planted])).toThrow(RangeError)
  })

  test('bring an older database up to date once, and keep what is in it', () => {
    const path = newFile()
    let runs = 0
    const counted: Migration = {
      ...planted,
      up: (connection) => {
        runs++
        planted.up(connection)
      },
    }
    for (let i = 0; i < 2; i++) {
      const store = valueOf(openStore({ path, key: KEY }, [...MIGRATIONS, counted]))
      expect(store.conversations.rows()[0]?.lastMessage?.text).toBe('from before')
      store.close()
    }
    expect(runs).toBe(1)
  })

  test('make a database unreadable for an older version, which says so and changes nothing', () => {
    const path = newFile()
    valueOf(openStore({ path, key: KEY }, [...MIGRATIONS, planted])).close()
    expect(codeOf(openStore({ path, key: KEY }))).toBe('STORE_TOO_NEW')
    const store = open(path, [...MIGRATIONS, planted])
    expect(store.conversations.rows()[0]?.lastMessage?.text).toBe('from before')
  })

  test.each<[string, Migration['up']]>([
    [
      'throws',
      () => {
        throw new TypeError('half-way')
      },
    ],
    [
      'breaks a reference',
      (connection) => {
        connection.exec('DELETE FROM contacts')
      },
    ],
  ])('leave no trace where one %s', (_, goWrong) => {
    const path = newFile()
    const failing: Migration = {
      ...planted,
      up: (connection) => {
        planted.up(connection)
        goWrong(connection)
      },
    }
    expect(() => openStore({ path, key: KEY }, [...MIGRATIONS, failing])).toThrow()
    const store = open(path, MIGRATIONS)
    expect(store.conversations.rows()[0]?.lastMessage?.text).toBe('from before')
  })

  test('do not touch a database that is not ours, though it has the key', () => {
    const path = join(temporaryFolder(), 'other.db')
    const other = new Connection(path, KEY)
    other.exec('CREATE TABLE theirs (a); PRAGMA user_version = 1')
    other.close()
    expect(codeOf(openStore({ path, key: KEY }))).toBe('STORE_DAMAGED')
  })

  test('bring the database of version 1 to this one, with all that is in it', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    copyFileSync(fileURLToPath(new URL('../../fixtures/store/v1.db', import.meta.url)), path)
    const store = valueOf(openStore({ path, key: FIXTURE_KEY }))
    onTestFinished(() => {
      store.close()
    })
    expect(snapshotOf(store)).toEqual(FIXTURE_SNAPSHOT)
    expect(store.outbox.list().map(({ awaitsReceipt }) => awaitsReceipt)).toEqual([false])
    expect(store.unconfirmed.nextDueMs()).toBeNull()
    // What version 4 has added begins empty, and refers to what was there.
    const [row] = store.conversations.rows()
    if (row === undefined) throw new RangeError('the fixture has a conversation')
    expect([store.relayLogs.list(), store.relayLogs.listFollowed()]).toEqual([[], []])
    expect(store.relayLogs.ownList()).toBeNull()
    store.relayLogs.setTold(row.contact.id, 'relay.example', new Uint8Array(113))
    store.contacts.remove(row.contact.id)
    expect(store.relayLogs.told(row.contact.id, 'relay.example')).toBeNull()
  })

  test('keep envelopes that version 1 had sealed until their receipts come', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    const fixture = fileURLToPath(new URL('../../fixtures/store/v1.db', import.meta.url))
    copyFileSync(fixture, path)
    const connection = new Connection(path, FIXTURE_KEY)
    connection.exec("UPDATE outbox SET envelope = x'01'")
    connection.close()
    const store = valueOf(openStore({ path, key: FIXTURE_KEY }))
    onTestFinished(() => {
      store.close()
    })
    expect(store.outbox.list().map(({ awaitsReceipt }) => awaitsReceipt)).toEqual([true])
  })
})
