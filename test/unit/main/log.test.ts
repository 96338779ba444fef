import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeError, FileLog } from '../../../src/main/log.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sotto-log-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('events are lines of JSON, in order', async () => {
  const path = join(folder, 'logs', 'sotto.log')
  const log = new FileLog(path, () => 0)
  log.info('started', { profiles: 1 })
  log.warn('offline', { code: 'RELAY_UNREACHABLE' })
  await log.flush()
  log.info('ended')
  await log.flush()
  expect(await readFile(path, 'utf8')).toBe(
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"started","profiles":1}\n' +
      '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"offline","code":"RELAY_UNREACHABLE"}\n' +
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"ended"}\n',
  )
})

test('an error leaves its class, its code and its place, but not its message', async () => {
  const path = join(folder, 'sotto.log')
  const log = new FileLog(path)
  const cause = new RangeError('the secret plan', { cause: new Error('the secret cause') })
  log.error('failed', Object.assign(cause, { code: 'STORE_FULL' }))
  log.error('odd', 'a secret text')
  await log.flush()
  const text = await readFile(path, 'utf8')
  expect(text).not.toContain('secret')
  const [first, second] = text.split('\n')
  const expected = { level: 'error', error: 'RangeError', code: 'STORE_FULL', cause: 'Error' }
  expect(JSON.parse(first ?? '')).toMatchObject(expected)
  expect(JSON.parse(first ?? '').stack).toContain('log.test.ts')
  expect(JSON.parse(second ?? '')).toMatchObject({ event: 'odd', error: 'string' })
})

test('a message of several lines cannot pass as a place in the code', () => {
  const described = describeError(new Error('first\nsecret second\n  third'))
  expect(JSON.stringify(described)).not.toContain('secret')
})

test('places in the code do not tell where the app is installed', () => {
  const error = new Error('x')
  error.stack =
    'Error: x\n    at run (file:///home/ada/app/out/main/index.js:1:2)\n    at /home/ada/b.js:3:4'
  expect(describeError(error)['stack']).toBe('at run index.js:1:2 < at b.js:3:4')
})

test('the log rotates and keeps three files', async () => {
  const path = join(folder, 'sotto.log')
  const log = new FileLog(path)
  const data = { filler: 'x'.repeat(1_000_000) }
  for (let round = 0; round < 5; round++) {
    log.info(`round ${round}`, data)
    await log.flush()
  }
  expect((await readdir(folder)).sort()).toEqual(['sotto.log', 'sotto.log.1', 'sotto.log.2'])
  expect(await readFile(path, 'utf8')).toContain('round 4')
})

test('a log that cannot be written stops nothing', async () => {
  const log = new FileLog(join('/dev/null', 'sotto.log'))
  log.warn('offline', { code: 'RELAY_UNREACHABLE' })
  await log.flush()
  expect(log.recentProblems()).toEqual([expect.stringMatching(/ warn offline RELAY_UNREACHABLE$/)])
})
