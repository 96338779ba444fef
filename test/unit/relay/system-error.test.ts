import { statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { systemSentence } from '#relay/system-error.ts'

const refused = (code: string, path?: string): Error =>
  Object.assign(new Error(`${code}: as the system has it`), { code, ...(path && { path }) })

test.each([
  [
    'EACCES',
    "The system does not let this user have /data/x: run this command as the relay's user.",
  ],
  [
    'EPERM',
    "The system does not let this user have /data/x: run this command as the relay's user.",
  ],
  ['ENOENT', 'There is no /data/x.'],
  ['EROFS', '/data/x lies where nothing can be written.'],
  ['ENOSPC', 'There is no space left on the disk.'],
])('%s is told in words', (code, sentence) => {
  expect(systemSentence(refused(code, '/data/x'))).toBe(sentence)
})

test('what the system really throws is told, with its path', () => {
  let thrown: unknown
  try {
    statSync('/nowhere/at/all')
  } catch (cause) {
    thrown = cause
  }
  expect(systemSentence(thrown)).toBe('There is no /nowhere/at/all.')
})

test.each([new Error('of ours'), refused('EADDRINUSE'), 'a text'])(
  '%s is left as it is',
  (cause) => {
    expect(systemSentence(cause)).toBeNull()
  },
)
