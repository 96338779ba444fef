import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { CLIENT_CALLS } from '#calls/client-calls.ts'
import { EXIT } from '#cli/exit-codes.ts'
import { buildProgram } from '#cli/program.ts'
import { EVENT_NAMES } from '#cli/rpc/rpc-server.ts'

const docs = readFileSync(new URL('../../../docs/CLI.md', import.meta.url), 'utf8')

/** Rows of the tables of a section, as cells without their padding and code marks. */
function rowsOf(section: number): string[][] {
  const text = docs.split(/^## /m)[section] ?? ''
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  return lines.map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.replaceAll('`', '').trim()))
}

describe('docs/CLI.md', () => {
  it('has every command', () => {
    const { commands } = buildProgram(() => Promise.resolve(), {
      stdout: new PassThrough(),
      stderr: new PassThrough(),
    })
    const named = rowsOf(1).flatMap(([, first = '']) => first.match(/[a-z]+/g) ?? [])
    for (const command of commands) expect(named).toContain(command.name())
  })

  it('has every exit code', () => {
    const codes = rowsOf(3).map(([, first]) => first)
    for (const code of Object.values(EXIT)) expect(codes).toContain(String(code))
  })

  it('has exactly the methods and events that there are', () => {
    const methods = rowsOf(5).flatMap(([, group = '', names = '']) =>
      Object.keys(CLIENT_CALLS).some((method) => method.startsWith(`${group}.`))
        ? names.split(', ').map((name) => `${group}.${name}`)
        : [],
    )
    expect(methods.toSorted()).toEqual(Object.keys(CLIENT_CALLS).toSorted())
    for (const name of EVENT_NAMES) expect(docs).toContain(`\`${name}\``)
  })
})
