import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import Database from 'better-sqlite3'
import type { Account } from '#core/model.ts'
import type { Store } from '#core/ports.ts'
import { CIPHER, Connection, PAGE_HEADER } from '#store/connection.ts'
import { StoreError } from '#store/store-error.ts'
import { MIGRATIONS } from '#store/migrations/list.ts'
import { createStore, fileProfileStorage, openStore } from '#store/store.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'
import {
  addConversation,
  addMessage,
  address,
  contactOf,
  conversationOf,
  outboxItemOf,
} from './builders.ts'
import { KEY, newPlainStore, newStore, temporaryFolder } from './stores.ts'

const WRONG_KEY = new Uint8Array(32).fill(0xaa)
const SECRET_WORDS = ['xylophonist', 'Ada.Lovelace', 'quagmire', 'Zebedee', 'benjamin-k']

const ACCOUNT: Account = {
  address: address('ada.lovelace@relay.example'),
  deviceId: 1,
  displayName: 'Ada.Lovelace',
  signingKey: new Uint8Array(65),
  agreementKey: new Uint8Array(65),
  deviceCertificate: new Uint8Array(8),
  createdAtMs: 1,
  registered: true,
  relayCursor: 1,
}

/** Puts each of the secret words where it would lie in a real profile. */
function fillWithSecrets(store: Store): void {
  store.account.save(ACCOUNT)
  const contact = store.contacts.add(
    contactOf({ address: address('benjamin-k@relay.example'), petname: 'Zebedee' }),
  )
  const conversation = store.conversations.add(
    conversationOf(contact.id, { draft: 'a draft about a quagmire' }),
  )
  for (let i = 0; i < 40; i++) {
    addMessage(store, conversation.id, { text: `the xylophonist plays, take ${String(i)}` })
  }
  store.outbox.add(outboxItemOf(contact.id, { content: Buffer.from('about the quagmire') }))
  store.settings.set('note', { about: 'Zebedee' })
  store.messages.search({ text: 'xylophonist', conversationId: null, beforeSeq: null, limit: 9 })
}

/** Words found in the files of a folder, in UTF-8 or UTF-16, in whatever case. */
function wordsIn(folder: string, words: readonly string[]): string[] {
  const found: string[] = []
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name))
    const texts = [bytes.toString('latin1'), bytes.toString('utf16le')].map((text) =>
      text.toLowerCase(),
    )
    for (const word of words) {
      if (texts.some((text) => text.includes(word.toLowerCase()))) found.push(`${word} in ${name}`)
    }
  }
  return found
}

describe('the files of a profile', () => {
  test('hold no word of a message, name or address, while in use and after', () => {
    const folder = temporaryFolder()
    const temporary = mkdtempSync(join(folder, '..', 'sotto-temporary-'))
    onTestFinished(() => {
      rmSync(temporary, { recursive: true })
    })
    vi.stubEnv('SQLITE_TMPDIR', temporary)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const store = valueOf(createStore({ path: join(folder, 'sotto.db'), key: KEY }))
    fillWithSecrets(store)
    expect(statSync(join(folder, 'sotto.db-wal')).size).toBeGreaterThan(10_000)
    expect(wordsIn(folder, [...SECRET_WORDS, 'SQLite format', 'CREATE TABLE'])).toEqual([])
    store.close()
    expect(readdirSync(folder)).toEqual(['sotto.db'])
    expect(wordsIn(folder, [...SECRET_WORDS, 'SQLite format', 'CREATE TABLE'])).toEqual([])
    expect(wordsIn(temporary, SECRET_WORDS)).toEqual([])
  })

  test('would show them all without encryption, which shows that this test can see', () => {
    const folder = temporaryFolder()
    const { store } = newPlainStore(join(folder, 'plain.db'))
    fillWithSecrets(store)
    store.close()
    expect(wordsIn(folder, SECRET_WORDS)).toEqual(SECRET_WORDS.map((word) => `${word} in plain.db`))
  })

  test('do not open with plain SQLite', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    newStore(path).close()
    const plain = new Database(path, { readonly: true })
    expect(() => plain.prepare('SELECT * FROM sqlite_schema').all()).toThrow(/not a database/)
    plain.close()
  })

  test('can be read and written by their owner only', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    const store = newStore(path)
    store.settings.set('a', 1)
    if (process.platform === 'win32') return
    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o077).toBe(0)
  })

  test('begin with a header that says nothing but the form of pages', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    newStore(path).close()
    expect(readFileSync(path).subarray(16, 24)).toEqual(Buffer.from(PAGE_HEADER))
    expect(CIPHER).toBe('AEGIS-256')
  })
})

describe('a wrong key', () => {
  test('opens nothing and changes nothing, also with a log left behind', () => {
    const folder = temporaryFolder()
    const path = join(folder, 'sotto.db')
    const store = newStore(path)
    store.settings.set('kept', 'in the log')
    // What a killed process leaves: the file and its log.
    const copy = join(folder, 'copy.db')
    for (const end of ['', '-wal']) copyFileSync(path + end, copy + end)
    const bytes = (): Buffer[] => ['', '-wal'].map((end) => readFileSync(copy + end))
    const before = bytes()
    expect(codeOf(openStore({ path: copy, key: WRONG_KEY }))).toBe('STORE_KEY_WRONG')
    expect(bytes()).toEqual(before)
    const reopened = valueOf(openStore({ path: copy, key: KEY }))
    expect(reopened.settings.get('kept')).toBe('in the log')
    reopened.close()
  })

  test('has 32 bytes, or is a bug', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    newStore(path).close()
    expect(() => openStore({ path, key: KEY.subarray(1) })).toThrow(RangeError)
  })
})

describe('a damaged file', () => {
  test.each([
    ['empty', () => Buffer.alloc(0)],
    ['text', () => Buffer.from('this is no database, only a text of some length')],
    ['cut off in the first page', (file: Buffer) => file.subarray(0, 600)],
    [
      'of plain SQLite',
      (file: Buffer) =>
        Buffer.concat([
          Buffer.from('SQLite format 3\0'),
          Buffer.from([0x10, 0, 1, 1, 0]),
          file.subarray(21),
        ]),
    ],
  ])('(%s) is told, and left as it is', (_, damage) => {
    const path = join(temporaryFolder(), 'sotto.db')
    newStore(path).close()
    const damaged = damage(readFileSync(path))
    writeFileSync(path, damaged)
    expect(['STORE_DAMAGED', 'STORE_KEY_WRONG']).toContain(codeOf(openStore({ path, key: KEY })))
    expect(readFileSync(path)).toEqual(damaged)
  })

  test('never gives out a changed byte: each page is authenticated', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    const store = newStore(path)
    fillWithSecrets(store)
    store.close()
    const good = readFileSync(path)
    const pages = good.length / 4096
    for (let page = 0; page < pages; page++) {
      const damaged = Buffer.from(good)
      const at = page * 4096 + 2000
      damaged[at] = (damaged[at] ?? 0) ^ 1
      writeFileSync(path, damaged)
      expect(['same', 'STORE_DAMAGED', 'STORE_KEY_WRONG']).toContain(readEverything(path))
      expect(() => checkEveryPage(path), `page ${String(page)}`).toThrow(StoreError)
    }
    writeFileSync(path, good)
    expect(readEverything(path)).toBe('same')
    expect(checkEveryPage(path)).toBe('ok')
  })
})

/** Has SQLite read all pages that are in use. */
function checkEveryPage(path: string): unknown {
  const connection = new Connection(path, KEY)
  try {
    expect(connection.pragma('freelist_count')).toBe(0)
    const outcome = connection.pragma('integrity_check')
    if (outcome !== 'ok') throw new StoreError('STORE_DAMAGED', outcome)
    return outcome
  } finally {
    connection.close()
  }
}

/** The code it fails with, or whether everything reads as `fillWithSecrets` wrote it. */
function readEverything(path: string): string {
  const opened = openStore({ path, key: KEY })
  if (!opened.ok) return opened.error.code
  const store = opened.value
  try {
    const [row] = store.conversations.rows()
    if (row === undefined) return 'no conversation'
    const texts = [...store.messages.iterate(row.conversation.id)].map(({ text }) => text)
    const hits = store.messages.search({
      text: 'xylo',
      conversationId: null,
      beforeSeq: null,
      limit: 50,
    })
    const isSame =
      texts.every((text, index) => text === `the xylophonist plays, take ${String(index)}`) &&
      texts.length === 40 &&
      hits.length === 40 &&
      row.contact.petname === 'Zebedee'
    return isSame ? 'same' : 'changed'
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error)
  } finally {
    store.close()
  }
}

describe('what was deleted', () => {
  test('does not stay in the file, in the index, or in free pages', () => {
    const folder = temporaryFolder()
    const { store } = newPlainStore(join(folder, 'plain.db'))
    const conversation = addConversation(store)
    for (let i = 0; i < 200; i++)
      addMessage(store, conversation.id, { text: `filler ${String(i)}` })
    const one = addMessage(store, conversation.id, {
      text: `xylophonist ${'quagmire '.repeat(900)}`,
    })
    store.messages.remove(one.seq)
    store.close()
    expect(wordsIn(folder, ['xylo', 'quag', 'ophonist'])).toEqual([])
    expect(wordsIn(folder, ['filler'])).toEqual(['filler in plain.db'])
  })

  test('of whole conversations has left the index after tidying up', () => {
    const folder = temporaryFolder()
    const { store } = newPlainStore(join(folder, 'plain.db'))
    const [gone, kept] = [addConversation(store), addConversation(store)]
    for (let i = 0; i < 300; i++) {
      addMessage(store, gone.id, { text: `xylophonist number${String(i)} quagmire` })
      addMessage(store, kept.id, { text: `filler number${String(i)}` })
    }
    store.contacts.remove(gone.contactId)
    let steps = 0
    while (store.tidy() && steps < 1000) steps++
    expect(steps).toBeLessThan(1000)
    expect(store.tidy()).toBe(false)
    const hits = store.messages.search({
      text: 'number299',
      conversationId: null,
      beforeSeq: null,
      limit: 9,
    })
    expect(hits.map(({ message }) => message.text)).toEqual(['filler number299'])
    store.close()
    expect(wordsIn(folder, ['xylo', 'quag', 'ophonist'])).toEqual([])
  })
})

describe('the storage of a profile', () => {
  test('is made once, opened, and discarded with all its files', () => {
    const folder = temporaryFolder()
    const storage = fileProfileStorage(join(folder, 'sotto.db'))
    expect(storage.exists()).toBe(false)
    expect(codeOf(storage.open(KEY))).toBe('PROFILE_MISSING')
    expect(readdirSync(folder)).toEqual([])
    valueOf(storage.create(KEY, ACCOUNT)).close()
    expect(codeOf(storage.create(KEY, ACCOUNT))).toBe('PROFILE_EXISTS')
    const store = valueOf(storage.open(KEY))
    expect(store.account.get()).toMatchObject({ address: ACCOUNT.address })
    store.close()
    storage.discard()
    expect(readdirSync(folder)).toEqual([])
  })

  test('is not there before it holds what it is made with', () => {
    const folder = temporaryFolder()
    const path = join(folder, 'sotto.db')
    let isThere: boolean | null = null
    const made = createStore({ path, key: KEY }, MIGRATIONS, () => {
      isThere = existsSync(path)
      throw new StoreError('STORE_FULL')
    })
    expect(isThere).toBe(false)
    expect(codeOf(made)).toBe('STORE_FULL')
    expect(existsSync(path)).toBe(false)
    valueOf(createStore({ path, key: KEY })).close()
  })

  test('is made anew over what an interrupted attempt has left', () => {
    const folder = temporaryFolder()
    const path = join(folder, 'sotto.db')
    const half = new Connection(`${path}.new`, WRONG_KEY)
    half.exec('CREATE TABLE half (done)')
    for (const end of ['', '-wal']) copyFileSync(`${path}.new${end}`, join(folder, `left${end}`))
    half.close()
    for (const end of ['', '-wal']) copyFileSync(join(folder, `left${end}`), `${path}.new${end}`)
    copyFileSync(join(folder, 'left-wal'), `${path}-wal`)
    const store = valueOf(createStore({ path, key: KEY }))
    expect(store.account.get()).toBeNull()
    store.close()
  })

  test('refuses a second user while it is open', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    const store = newStore(path)
    expect(codeOf(openStore({ path, key: KEY }))).toBe('PROFILE_IN_USE')
    store.settings.set('still', 'works')
    expect(store.settings.get('still')).toBe('works')
  })

  test('knows its size on the disk', () => {
    const path = join(temporaryFolder(), 'sotto.db')
    const store = newStore(path)
    store.settings.set('a', 'b')
    expect(store.sizeBytes()).toBe(statSync(path).size + statSync(`${path}-wal`).size)
  })
})
