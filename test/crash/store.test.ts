import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'
import { openStore } from '#store/store.ts'
import { valueOf } from '#test/helpers/value-of.ts'

const PROGRAM = fileURLToPath(new URL('store-process.ts', import.meta.url))
const ROUNDS = Number(process.env['SOTTO_ROUNDS'] ?? 10)
const MAX_LIFE_MS = 400

/** Starts the writer, kills it some time after its first commit, and gives the last number it said was committed. */
function writeUntilKilled(path: string, key: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, path, encodeHex(key)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lifeMs = ((randomBytes(1)[0] ?? 0) / 256) * MAX_LIFE_MS
    let output = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), lifeMs)
      output += text
    })
    child.on('error', reject)
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error('the writer ended by itself'))
      else resolve(Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1)))
    })
  })
}

test(`a store whose process is killed (${String(ROUNDS)} times) keeps all that was committed, and nothing by halves`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-crash-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, 'sotto.db')
  const key = randomBytes(32)
  for (let round = 0; round < ROUNDS; round++) {
    const lastCommitted = await writeUntilKilled(path, key)
    const store = valueOf(openStore({ path, key }))
    const [row] = store.conversations.rows()
    if (row === undefined) throw new Error('the conversation is gone')
    const numbers = [...store.messages.iterate(row.conversation.id)].map(({ text }) =>
      Number(/^number(\d+) /.exec(text)?.[1]),
    )
    // One more may have been committed in the moment between the commit and the word of it.
    expect(numbers.length - 1 - lastCommitted).toBeOneOf([0, 1])
    expect(numbers).toEqual(numbers.map((_, index) => index))
    expect(store.settings.get('next')).toBe(numbers.length)
    expect(store.outbox.count()).toBe(numbers.length)
    const text = `number${String(numbers.length - 1)}`
    const query = { text, conversationId: row.conversation.id, beforeSeq: null, limit: 9 }
    expect(store.messages.search(query).map(({ message }) => message.seq)).toEqual([
      row.lastMessage?.seq,
    ])
    store.close()
  }
})
