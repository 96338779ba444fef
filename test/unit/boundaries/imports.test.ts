import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

// Plants forbidden imports in the folders they are forbidden in and sees the linter and the compiler refuse them.

const ROOT = join(import.meta.dirname, '../../..')
const BIN = join(ROOT, 'node_modules/.bin')
const planted: string[] = []

function plant(folder: string, source: string): string {
  const directory = join(ROOT, 'src', folder, `planted-${process.pid}`)
  mkdirSync(directory, { recursive: true })
  planted.push(directory)
  const file = join(directory, 'planted.ts')
  writeFileSync(file, source)
  return file
}

function run(command: string, args: string[]): { code: number; output: string } {
  try {
    return { code: 0, output: execFileSync(join(BIN, command), args, { cwd: ROOT }).toString() }
  } catch (cause) {
    const { status, stdout } = cause as { status: number; stdout: Buffer }
    return { code: status, output: stdout.toString() }
  }
}

afterAll(() => {
  for (const directory of planted) rmSync(directory, { recursive: true, force: true })
})

describe('the linter refuses', () => {
  test.each([
    ['shared', "export { failure } from '#protocol/content.ts'"],
    ['protocol', "export { randomBytes } from '#crypto/primitives.ts'"],
    ['crypto', "export { Client } from '#core/client.ts'"],
    ['crypto', "export { createHash } from 'node:crypto'"],
    ['core', "export { readFileSync } from 'electron'"],
    ['core', "export { createHash } from 'node:crypto'"],
    ['core', "export { startRelay } from '#relay/relay.ts'"],
    ['store', "export { Client } from '#crypto/primitives.ts'"],
    ['renderer', "export { Client } from '#core/client.ts'"],
    ['renderer', "export { readFileSync } from 'node:fs'"],
    ['relay', "export { Client } from '#core/client.ts'"],
    ['preload', "export { Client } from '#core/client.ts'"],
    ['cli', "export { app } from 'electron'"],
    ['calls', "export { randomBytes } from '#crypto/primitives.ts'"],
    ['core', "export { CLIENT_CALLS } from '#calls/client-calls.ts'"],
    ['renderer', "export { CLIENT_CALLS } from '#calls/client-calls.ts'"],
    ['main', "export { startRelay } from '#relay/relay.ts'"],
    ['main', "export { ipcMain } from 'electron'"],
    ['main', "export { Client } from '../../core/client.ts'"],
    ['core', 'export const jitter = Math.random()'],
    ['renderer', "export const kept = localStorage.getItem('kept')"],
  ])('in src/%s: %s', (folder, source) => {
    const file = plant(folder, `${source}\n`)
    const { code, output } = run('oxlint', [file])
    expect(output).toMatch(/no-restricted-(imports|properties|globals)/)
    expect(code).not.toBe(0)
    writeFileSync(file, 'export const allowed = 1\n')
  })

  test('nothing about an allowed import', () => {
    const file = plant('core', "export { randomBytes } from '#crypto/primitives.ts'\n")
    expect(run('oxlint', [file])).toMatchObject({ code: 0 })
  })
})

describe('the compiler refuses', () => {
  test.each([
    ['crypto', 'export const title = document.title'],
    ['protocol', 'export const version = process.version'],
    ['renderer', 'export const version = process.version'],
  ])('in src/%s: %s', (folder, source) => {
    const file = plant(folder, `${source}\n`)
    const { code, output } = run('tsc', ['-p', join('src', folder)])
    expect(output).toContain('planted.ts')
    expect(code).not.toBe(0)
    writeFileSync(file, 'export const allowed = 1\n')
  })
})
