import { PassThrough, Readable } from 'node:stream'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENT_CALLS } from '#calls/client-calls.ts'
import { EXIT } from '#cli/exit-codes.ts'
import { readLines, TOO_LONG } from '#cli/rpc/lines.ts'
import type { ConversationView, MessageView } from '#shared/views.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { RpcPeer } from '#test/helpers/rpc-peer.ts'
import { Scenario } from '#test/helpers/scenario.ts'
import { twoFriends, type Ended, type Sotto } from './sotto.ts'

async function linesOf(chunks: readonly string[], maxBytes = 100) {
  const lines: (string | typeof TOO_LONG)[] = []
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  for await (const line of readLines(input, maxBytes)) lines.push(line)
  return lines
}

describe('lines of a stream', () => {
  it('are put together from any pieces', async () => {
    expect(await linesOf(['a', 'b\nc', '\n', 'd'])).toEqual(['ab', 'c', 'd'])
    expect(await linesOf([])).toEqual([])
    expect(await linesOf(['\n\n'])).toEqual(['', ''])
  })

  it('come out as they went in, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'binary', maxLength: 20 }).map((s) => s.replaceAll('\n', '')),
          {
            maxLength: 5,
          },
        ),
        fc.integer({ min: 1, max: 7 }),
        async (lines, size) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
          const chunks = []
          for (let start = 0; start < bytes.length; start += size) {
            chunks.push(bytes.subarray(start, start + size))
          }
          const read = []
          for await (const line of readLines(Readable.from(chunks), 1_000)) read.push(line)
          expect(read).toEqual(lines)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('that are too long are skipped whole', async () => {
    expect(await linesOf(['x'.repeat(60), `${'x'.repeat(60)}\nok\n`])).toEqual([TOO_LONG, 'ok'])
    expect(await linesOf([`${'x'.repeat(100)}\n`])).toEqual(['x'.repeat(100)])
  })
})

/** `sotto rpc` of one person, within this process. */
class RpcRun {
  readonly peer: RpcPeer
  readonly ended: Promise<Ended>
  readonly #stdin = new PassThrough()
  readonly #interruption = new AbortController()

  constructor(person: Sotto) {
    const output = new PassThrough()
    this.peer = new RpcPeer(this.#stdin, output)
    this.ended = person.run(['rpc'], {
      stdin: this.#stdin,
      interrupted: this.#interruption.signal,
      onOutput: (text) => output.write(text),
    })
  }

  /** Ends its input. */
  end(): Promise<Ended> {
    this.#stdin.end()
    return this.ended
  }

  /** As Ctrl+C does. */
  interrupt(): Promise<Ended> {
    this.#interruption.abort()
    return this.ended
  }
}

describe('sotto rpc', () => {
  let scenario: Scenario
  let ada: Sotto
  let ben: Sotto
  let run: RpcRun

  beforeAll(async () => {
    scenario = await Scenario.start()
    ;[ada, ben] = await twoFriends(scenario.host, scenario.folder)
    run = new RpcRun(ada)
    await run.peer.call('account.get')
  })
  afterAll(async () => {
    await run.end()
    await scenario.close()
  })

  const conversation = async () => {
    const [first] = await run.peer.call<ConversationView[]>('conversations.list')
    if (first === undefined) throw new Error('there is no conversation')
    return first
  }

  it('answers with what the use cases give', async () => {
    const { id, contact } = await conversation()
    expect(contact.address).toBe(`ben@${scenario.host}`)
    const sent = await run.peer.call<MessageView>('messages.send', {
      conversationId: id,
      text: 'from a program',
      replyToSeq: null,
    })
    const page = await run.peer.call<{ messages: MessageView[] }>('messages.page', {
      conversationId: id,
      position: { kind: 'newest' },
      limit: 1,
    })
    expect(page.messages).toMatchObject([{ seq: sent.seq, text: 'from a program' }])
    expect(await run.peer.call('contacts.rename', { contactId: contact.id, petname: 'B' })).toEqual(
      { ...contact, petname: 'B', title: 'B' },
    )
    expect(await run.peer.call('network.reconnect', {})).toBeNull()
    expect(await run.peer.call('settings.update', { readReceipts: false })).toMatchObject({
      readReceipts: false,
    })
  })

  it('tells what happens as notifications', async () => {
    await ben.print('send', `ada@${scenario.host}`, 'to a program')
    await eventually('the message is told', () =>
      run.peer.notifications.some(
        ({ method, params }) =>
          method === 'messages.added' &&
          (params as MessageView[]).some(({ text }) => text === 'to a program'),
      ),
    )
  })

  it.each([
    { line: 'not json', code: -32_700, id: null },
    { line: '[]', code: -32_600, id: null },
    { line: '1', code: -32_600, id: null },
    { line: '{"jsonrpc":"1.0","id":"a","method":"account.get"}', code: -32_600, id: 'a' },
    { line: '{"jsonrpc":"2.0","id":"b","method":1}', code: -32_600, id: 'b' },
    { line: '{"jsonrpc":"2.0","id":"c","method":"no.such"}', code: -32_601, id: 'c' },
    { line: '{"jsonrpc":"2.0","id":"d","method":"toString"}', code: -32_601, id: 'd' },
    { line: '{"jsonrpc":"2.0","id":"e","method":"app.getState"}', code: -32_601, id: 'e' },
    { line: '{"jsonrpc":"2.0","id":"f","method":"contacts.get"}', code: -32_602, id: 'f' },
    {
      line: '{"jsonrpc":"2.0","id":"g","method":"contacts.get","params":{"contactId":"1"}}',
      code: -32_602,
      id: 'g',
    },
    {
      line: '{"jsonrpc":"2.0","id":"h","method":"account.get","params":{"x":1}}',
      code: -32_602,
      id: 'h',
    },
  ])('answers $line with $code', async ({ line, code, id }) => {
    const answer = await run.peer.raw(line)
    expect(answer).toMatchObject({
      jsonrpc: '2.0',
      id,
      error: { code, data: { code: 'INVALID_INPUT' } },
    })
  })

  it('names the parameter that is wrong', async () => {
    const answer = await run.peer.ask('messages.page', {
      conversationId: 1,
      position: { kind: 'newest' },
      limit: 0,
    })
    expect(answer.error?.data).toMatchObject({ code: 'INVALID_INPUT', path: 'limit' })
  })

  it('refuses with the code of the table', async () => {
    expect(await run.peer.ask('contacts.get', { contactId: 999 })).toMatchObject({
      error: { code: -32_000, data: { code: 'CONTACT_UNKNOWN', retry: 'never' } },
    })
  })

  it('refuses a line that is too long, and reads on', async () => {
    const answer = await run.peer.raw(JSON.stringify({ text: 'x'.repeat(1_100_000) }))
    expect(answer).toMatchObject({ id: null, error: { code: -32_600 } })
    expect(await run.peer.call('account.get')).toMatchObject({ displayName: 'Ada' })
  })

  it('answers the requests of a batch, and no notifications', async () => {
    const answers = await run.peer.raw(
      JSON.stringify([
        { jsonrpc: '2.0', id: 'x', method: 'account.get' },
        { jsonrpc: '2.0', method: 'account.get' },
        { jsonrpc: '2.0', id: 'y', method: 'no.such' },
        7,
      ]),
    )
    expect(answers).toMatchObject([
      { id: 'x', result: { displayName: 'Ada' } },
      { id: 'y', error: { code: -32_601 } },
      { id: null, error: { code: -32_600 } },
    ])
  })

  it('never breaks on any value, and never answers with more than it should', async () => {
    const names = Object.keys(CLIENT_CALLS).filter((name) => name !== 'account.delete')
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names, 'no.such', '__proto__', ''),
        fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())),
        async (method, params) => {
          const answer = await run.peer.ask(method, params)
          expect(answer.error?.data.code).not.toBe('INTERNAL')
          expect(JSON.stringify(answer)).not.toMatch(/\bat .*\.ts:/)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('ends in order when its input ends: what was asked is answered, what was written is sent', async () => {
    await run.end()
    const { id } = (await ada.json<ConversationView>('conversations'))[0] ?? { id: 0 }
    const request = {
      jsonrpc: '2.0',
      id: 1,
      method: 'messages.send',
      params: { conversationId: id, text: 'the last one', replyToSeq: null },
    }
    const { exitCode, stdout } = await ada.run(['rpc'], { stdin: JSON.stringify(request) })
    expect(exitCode).toBe(EXIT.done)
    expect(stdout).toContain('"id":1')
    const received = await ben.json<MessageView>('receive')
    expect(received.at(-1)).toMatchObject({ text: 'the last one' })
  })

  it('ends when it is interrupted', async () => {
    const interrupted = new RpcRun(ada)
    await interrupted.peer.call('account.get')
    expect((await interrupted.interrupt()).exitCode).toBe(EXIT.done)
  })

  it('says that the account is gone once it was deleted', async () => {
    const deleting = new RpcRun(ben)
    const { address } = await deleting.peer.call<{ address: string }>('account.get')
    expect(await deleting.peer.call('account.delete', { address })).toBeNull()
    expect(await deleting.peer.ask('account.get')).toMatchObject({
      error: { data: { code: 'PROFILE_MISSING' } },
    })
    expect((await deleting.end()).exitCode).toBe(EXIT.done)
    expect((await ben.run(['whoami'])).exitCode).toBe(EXIT.profile)
  })
})
