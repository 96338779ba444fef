import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ShellStateStore } from '../../../src/main/shell-state.ts'

let folder = ''
let path = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sotto-shell-'))
  path = join(folder, 'shell-state.json')
})
afterEach(() => rm(folder, { recursive: true }))

const DEFAULTS = { window: null, theme: 'system', language: 'system' }

test('without a file there are defaults', () => {
  expect(ShellStateStore.load(path).get()).toEqual(DEFAULTS)
})

test('what was changed is there at the next start, and no other file', async () => {
  const store = ShellStateStore.load(path)
  store.update({ theme: 'dark' })
  store.update({ language: 'de' })
  await store.flush()
  store.update({ language: 'fr' })
  await store.flush()
  expect(ShellStateStore.load(path).get()).toEqual({
    ...DEFAULTS,
    theme: 'dark',
    language: 'fr',
  })
  expect(await readdir(folder)).toEqual(['shell-state.json'])
})

test.each(['', '{', '[]', '{"theme":"pink"}', JSON.stringify({ ...DEFAULTS, secret: 1 })])(
  'a damaged file (%j) gives the defaults and is left alone',
  async (content) => {
    await writeFile(path, content)
    expect(ShellStateStore.load(path).get()).toEqual(DEFAULTS)
    expect(await readFile(path, 'utf8')).toBe(content)
  },
)

test('a file that cannot be written stops nothing', async () => {
  const store = ShellStateStore.load(join(folder, 'missing', 'shell-state.json'))
  store.update({ theme: 'light' })
  await store.flush()
  expect(store.get().theme).toBe('light')
})
