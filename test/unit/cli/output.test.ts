import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { jsonLine, Output, OutputClosedError, printable } from '#cli/output.ts'
import { messageText } from '#cli/text-views.ts'
import type { ContactView, MessageView } from '#shared/views.ts'

const ESCAPE_SEQUENCE = '\u001b[2J\u009b1mtext\u202eback'

const contact: ContactView = {
  id: 1,
  conversationId: 1,
  address: 'ada@relay.example.org',
  title: 'Ada',
  displayName: 'Ada',
  petname: '',
  fingerprint: '00'.repeat(32),
  relation: 'accepted',
  verifiedAtMs: null,
  identityChanged: false,
  createdAtMs: 0,
}

const message: MessageView = {
  seq: 1,
  conversationId: 1,
  author: 'them',
  kind: 'text',
  text: 'Hello',
  notice: null,
  sentAtMs: 0,
  storedAtMs: 0,
  state: 'received',
  errorCode: null,
  replyTo: null,
  signature: 'none',
}

describe('what is printed', () => {
  it('cannot drive a terminal', () => {
    expect(printable(ESCAPE_SEQUENCE)).toBe('\uFFFD[2J\uFFFD1mtext\uFFFDback')
    expect(printable('tab\tand\nline stay, Grüße 你好 👋🏽 too')).toBe(
      'tab\tand\nline stay, Grüße 你好 👋🏽 too',
    )
  })

  it('is one line of ASCII controls-free JSON that reads as it was', () => {
    const line = jsonLine({ text: `${ESCAPE_SEQUENCE}\n\u2028` })
    expect(line.endsWith('\n')).toBe(true)
    expect(line.slice(0, -1)).not.toMatch(/\p{Cc}|[\u2028\u202e]/u)
    expect(JSON.parse(line)).toEqual({ text: `${ESCAPE_SEQUENCE}\n\u2028` })
  })

  it('sets in the further lines of a message, so that none passes for another message', () => {
    const forged = messageText({ ...message, text: 'a\n2026-01-01 00:00:00  ben: b' }, contact)
    expect(forged.split('\n')).toHaveLength(2)
    expect(forged.split('\n')[1]).toMatch(/^ {6}2026/)
  })

  it('says where a signature does not fit', () => {
    expect(messageText({ ...message, signature: 'invalid' }, contact)).toContain(
      'INVALID SIGNATURE',
    )
  })

  it('ends quietly where nobody reads any more', async () => {
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('EPIPE')),
    }).on('error', () => undefined)
    const output = new Output({ stdout: closed, stderr: closed }, false)
    await expect(output.result({}, 'text')).rejects.toBeInstanceOf(OutputClosedError)
  })
})
