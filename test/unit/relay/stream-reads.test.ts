import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { randomBytes } from '#crypto/primitives.ts'
import { decodeRelayFrame, encodeAckFrame, type RelayFrame } from '#protocol/relay-frames.ts'
import { StorageUnavailableError, type Acknowledged, type MailboxId } from '#relay/storage.ts'
import { Turns } from '#relay/turns.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { openSession, sessionHeaders } from './blobs-harness.ts'
import {
  memoryStorage,
  testAccount,
  testClient,
  testRelay,
  unwrap,
  until,
  type TestRelay,
} from './harness.ts'

const HEARTBEAT_MS = 25_000
const STEP_MS = 250

describe('streams and the database', () => {
  let relay: TestRelay
  let client: RelayClient
  let isAway: boolean
  let acknowledgements: number
  /** Whose mailboxes were looked into, in that order. */
  const looked: MailboxId[] = []
  /** What was acknowledged, as the storage took it. */
  const acknowledged: Acknowledged[] = []
  const sockets: WebSocket[] = []

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    isAway = false
    acknowledgements = 0
    const storage = memoryStorage()
    relay = await testRelay(
      {},
      {
        storage: {
          ...storage,
          waiting: async (mailbox, ...rest) => {
            looked.push(mailbox)
            if (isAway) throw new StorageUnavailableError('away')
            return storage.waiting(mailbox, ...rest)
          },
          acknowledge: async (mailbox, which) => {
            acknowledgements += 1
            if (isAway) throw new StorageUnavailableError('away')
            acknowledged.push(which)
            return storage.acknowledge(mailbox, which)
          },
        },
      },
    )
    client = testClient()
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate()
    await client.close()
    await relay.close()
    vi.useRealTimers()
  })

  /** A connected device of a new account that has received what waited. */
  async function connected(name: string) {
    const { signer, token } = await testAccount(relay, client, name)
    const session = await openSession(relay, signer)
    const headers = sessionHeaders(relay, session, 'GET', '/v1/stream')
    const socket = new WebSocket(`ws://${relay.host}/v1/stream`, { headers })
    sockets.push(socket)
    const frames: RelayFrame[] = []
    socket.on('message', (data: Buffer) => {
      const frame = decodeRelayFrame(data)
      if (frame !== null) frames.push(frame)
    })
    await until(() => frames.some(({ kind }) => kind === 'drained'))
    const deposit = async () => {
      const envelope = { envelopeId: randomBytes(16), deviceId: 1, envelope: Uint8Array.of(1) }
      unwrap(await client.deposit(relay.host, { ...envelope, token }))
    }
    return { socket, frames, deposit }
  }

  test('one that is away ends no stream: the next look finds what waits', async () => {
    const { socket, frames, deposit } = await connected('alice')
    isAway = true
    looked.length = 0
    await deposit()
    await until(() => looked.length > 0)
    isAway = false
    await deposit()
    await until(() => frames.filter(({ kind }) => kind === 'envelope').length === 2)
    expect(socket.readyState).toBe(WebSocket.OPEN)
  })

  test('what one that was away kept back comes by itself, without a hint or heartbeat', async () => {
    const { frames, deposit } = await connected('alice')
    isAway = true
    looked.length = 0
    await deposit()
    await until(() => looked.length > 1)
    isAway = false
    await until(() => frames.some(({ kind }) => kind === 'envelope'))
  })

  test('an acknowledgement that one did not take is repeated by a heartbeat', async () => {
    const { socket, frames, deposit } = await connected('alice')
    await deposit()
    await until(() => frames.some(({ kind }) => kind === 'envelope'))
    isAway = true
    socket.send(encodeAckFrame(1))
    await until(() => acknowledgements > 0)
    isAway = false
    vi.advanceTimersByTime(HEARTBEAT_MS)
    await until(() => acknowledged.length > 0)
    expect(acknowledged).toEqual([{ through: 1 }])
  })

  test('heartbeats look into each mailbox once, at moments of their own', async () => {
    for (const name of ['alice', 'bob', 'carol']) await connected(name)
    looked.length = 0
    let most = 0
    for (let ms = 0; ms < HEARTBEAT_MS; ms += STEP_MS) {
      const before = looked.length
      vi.advanceTimersByTime(STEP_MS)
      most = Math.max(most, looked.length - before)
    }
    expect(looked).toHaveLength(3)
    expect(new Set(looked).size).toBe(3)
    expect(most).toBe(1)
  })
})

describe('turns', () => {
  test('so many run at once, the others in their order, whatever becomes of them', async () => {
    const turns = new Turns(2)
    const begun: number[] = []
    const ends: ((fails: boolean) => void)[] = []
    const runs = [0, 1, 2, 3].map((which) =>
      turns.run(() => {
        begun.push(which)
        return new Promise<number>((resolve, reject) => {
          ends[which] = (fails) => (fails ? reject(new Error('failed')) : resolve(which))
        })
      }),
    )
    expect(begun).toEqual([0, 1])
    ends[1]?.(true)
    await expect(runs[1]).rejects.toThrow('failed')
    await until(() => begun.length === 3)
    ends[0]?.(false)
    await until(() => begun.length === 4)
    ends[2]?.(false)
    ends[3]?.(false)
    expect(await Promise.all([runs[0], runs[2], runs[3]])).toEqual([0, 2, 3])
    expect(await turns.run(async () => 4)).toBe(4)
  })
})
