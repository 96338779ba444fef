import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { randomBytes } from '#crypto/primitives.ts'
import { decodeDepositAnswers, encodeDepositFrame } from '#protocol/deposit-frames.ts'
import { decodeRelayFrame, encodeAckFrame } from '#protocol/relay-frames.ts'
import type { RelayOptions } from '#relay/config.ts'
import {
  benchToken,
  relaySecret,
  setUpAccounts,
  streamTarget,
  UNLIMITED,
} from '../relay-accounts.ts'
import { BODY_BYTES } from '../relay-subjects.ts'
import {
  freePort,
  ServerProcess,
  Unacknowledged,
  type Peer,
  type Receiver,
  type Sender,
} from './peer.ts'

const ACKNOWLEDGE_EVERY = 32

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
}

/** This relay, as its command starts it; only its limits are lifted. */
export async function sotto(folder: string): Promise<Peer> {
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'config.json')
  const options: RelayOptions = {
    limits: { mailboxEnvelopes: 1e9, mailboxBytes: 1e12, eventLoopDelayMs: 0 },
    rates: { deposits: UNLIMITED, incoming: UNLIMITED, device: UNLIMITED },
  }
  writeFileSync(config, JSON.stringify(options))
  const main = fileURLToPath(new URL('../../src/relay/main.ts', import.meta.url))
  const flags = ['--port', String(port), '--data', folder, '--config', config]
  const server = new ServerProcess(process.execPath, [main, ...flags], port)
  const url = `http://127.0.0.1:${port}`
  const body = randomBytes(BODY_BYTES)
  const tokens: Uint8Array[] = []
  let secret: Uint8Array | null = null

  return {
    name: 'Sotto relay (SQLite)',
    promise: 'synced to disk',
    onlinePerSecond: 1_000,
    start: () => server.start(),
    kill: () => server.kill(),
    prepare: async (recipients) => {
      await server.kill()
      await setUpAccounts(folder, 0, recipients)
      for (let recipient = 0; recipient < recipients; recipient++) {
        tokens.push(benchToken(recipient))
      }
      await server.start()
    },
    sender: async (): Promise<Sender> => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/deposits`, {
        perMessageDeflate: false,
      })
      const waiting = new Unacknowledged()
      socket.on('message', (data: Buffer) => {
        for (const { number, outcome } of decodeDepositAnswers(data) ?? []) {
          if (outcome === 'STORED') waiting.acknowledge(number)
          else waiting.end()
        }
      })
      socket.on('close', () => waiting.end())
      await opened(socket)
      socket.on('error', () => undefined)
      let number = 0
      return {
        send: (recipient) => {
          number += 1
          const token = tokens[recipient] ?? body
          socket.send(encodeDepositFrame({ number, token, deviceId: 1, id: randomBytes(16), body }))
          return waiting.wait(number)
        },
        close: () => socket.terminate(),
      }
    },
    receiver: async (recipient, received): Promise<Receiver> => {
      secret ??= await relaySecret(folder)
      const target = streamTarget(secret, url, recipient)
      const socket = new WebSocket(target.url, {
        headers: { ...target.headers },
        perMessageDeflate: false,
      })
      let unacknowledged = 0
      let last = 0
      socket.on('message', (data: Buffer) => {
        const frame = decodeRelayFrame(data)
        if (frame?.kind === 'envelope') {
          last = frame.envelope.sequence
          unacknowledged += 1
          received()
        }
        if (unacknowledged >= ACKNOWLEDGE_EVERY || frame?.kind === 'drained') {
          unacknowledged = 0
          socket.send(encodeAckFrame(last))
        }
      })
      await opened(socket)
      socket.on('error', () => undefined)
      return { close: () => socket.close() }
    },
  }
}
