import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LocalRelayView } from '#shared/views.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'
import { localNetworkAddress } from '../../../src/main/local-relay/local-address.ts'
import { LocalRelayFile } from '../../../src/main/local-relay/local-relay-file.ts'
import { LocalRelay, type RelayChild } from '../../../src/main/local-relay/local-relay.ts'

/** A relay's process that says what it is told to. */
class Child implements RelayChild {
  readonly stdout = new PassThrough()
  readonly args: readonly string[]
  readonly ended: Promise<void>
  killed = false
  end: () => void = () => undefined

  constructor(args: readonly string[]) {
    this.args = args
    this.ended = new Promise((resolve) => (this.end = resolve))
  }

  ready(port: number): void {
    this.stdout.write('some other line\n')
    this.stdout.write(`${JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}` })}\n`)
  }

  kill(): void {
    this.killed = true
    this.end()
  }
}

let folder = ''
let children: Child[]
let shown: LocalRelayView[]
let answer: (child: Child) => void

function newRelay(): LocalRelay {
  return new LocalRelay({
    dataFolder: join(folder, 'data'),
    file: new LocalRelayFile(join(folder, 'local-relay.json')),
    fork: (args) => {
      const child = new Child(args)
      children.push(child)
      answer(child)
      return child
    },
    log: { info() {}, warn() {}, error() {} },
    onChange: (view) => shown.push(view),
  })
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-local-relay-'))
  children = []
  shown = []
  answer = (child) => child.ready(4711)
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the relay on this computer', () => {
  test('is off until it is wanted', async () => {
    const relay = newRelay()
    await relay.resume()
    expect(relay.view()).toEqual({ state: 'off', network: 'this-computer', host: null })
    expect(children).toEqual([])
  })

  test('says where it is reached once it answers, and keeps its port over a restart of the app', async () => {
    const first = newRelay()
    expect(valueOf(await first.start('this-computer'))).toEqual({
      state: 'running',
      network: 'this-computer',
      host: '127.0.0.1:4711',
    })
    expect(shown.map(({ state }) => state)).toEqual(['starting', 'running'])
    expect(children[0]?.args).toContain('127.0.0.1')
    await first.close()
    expect(children[0]?.killed).toBe(true)

    const second = newRelay()
    await second.resume()
    expect(second.view().host).toBe('127.0.0.1:4711')
    expect(children[1]?.args.slice(2, 4)).toEqual(['--port', '4711'])
  })

  test('does not start where its port cannot be kept, and starts where it is kept already', async () => {
    const unwritable = join(folder, 'local-relay.json.new')
    mkdirSync(unwritable)
    const first = newRelay()
    expect(codeOf(await first.start('this-computer'))).toBe('RELAY_START_FAILED')
    expect(children[0]?.killed).toBe(true)
    rmdirSync(unwritable)
    valueOf(await first.start('this-computer'))
    await first.close()

    mkdirSync(unwritable)
    const second = newRelay()
    await second.resume()
    expect(second.view().state).toBe('running')
    expect((await second.stop()).state).toBe('off')
  })

  test('listens to the local network only where that is chosen', async () => {
    const relay = newRelay()
    await relay.start('this-computer')
    await relay.start('local-network')
    expect(children.map(({ args }) => args[1])).toEqual(['127.0.0.1', '0.0.0.0'])
    expect(children.map(({ killed }) => killed)).toEqual([true, false])
    expect(relay.view()).toMatchObject({ state: 'running', network: 'local-network' })
  })

  test('that runs already is left alone', async () => {
    const relay = newRelay()
    await relay.start('this-computer')
    await relay.start('this-computer')
    expect(children).toHaveLength(1)
  })

  test('that was stopped is not resumed', async () => {
    const relay = newRelay()
    await relay.start('local-network')
    expect(await relay.stop()).toEqual({ state: 'off', network: 'local-network', host: null })
    const next = newRelay()
    await next.resume()
    expect(children).toHaveLength(1)
    expect(next.view().network).toBe('local-network')
  })

  test('that ends instead of answering has a code, and can be started again', async () => {
    answer = (child) => child.end()
    const relay = newRelay()
    expect(codeOf(await relay.start('this-computer'))).toBe('RELAY_START_FAILED')
    expect(relay.view().state).toBe('failed')
    answer = (child) => child.ready(4712)
    expect(valueOf(await relay.start('this-computer')).state).toBe('running')
  })

  test('that ends by itself is shown as such', async () => {
    const relay = newRelay()
    await relay.start('this-computer')
    children[0]?.end()
    await children[0]?.ended
    await Promise.resolve()
    expect(relay.view()).toEqual({ state: 'failed', network: 'this-computer', host: null })
  })

  test.each(['', 'nonsense', '{"runs":true}', '{"runs":true,"network":"everywhere","port":-1}'])(
    'takes a damaged file (%j) for none',
    async (content) => {
      writeFileSync(join(folder, 'local-relay.json'), content)
      const relay = newRelay()
      await relay.resume()
      expect(children).toEqual([])
      await relay.start('this-computer')
      expect(JSON.parse(readFileSync(join(folder, 'local-relay.json'), 'utf8'))).toEqual({
        runs: true,
        network: 'this-computer',
        port: 4711,
      })
    },
  )
})

describe('the address in the local network', () => {
  const ipv4 = (address: string, internal = false) => ({
    address,
    internal,
    family: 'IPv4' as const,
    netmask: '',
    mac: '',
    cidr: null,
  })

  test('is the first that is neither internal nor virtual', () => {
    const interfaces = {
      lo: [ipv4('127.0.0.1', true)],
      docker0: [ipv4('172.17.0.1')],
      wlan0: [{ ...ipv4('fe80::1'), family: 'IPv6' as const, scopeid: 1 }, ipv4('192.168.1.20')],
    }
    expect(localNetworkAddress(interfaces)).toBe('192.168.1.20')
  })

  test('is loopback where there is none', () => {
    expect(localNetworkAddress({ lo: [ipv4('127.0.0.1', true)] })).toBe('127.0.0.1')
  })
})
