import { createServer, type Server, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { secretServiceState } from '#keychain/secret-service.ts'
import { sessionBusPath } from '#keychain/session-bus.ts'

describe('the path of the session bus', () => {
  test.each([
    ['unix:path=/run/user/1000/bus', '/run/user/1000/bus'],
    ['unix:path=/tmp/a%20b,guid=0123', '/tmp/a b'],
    ['unix:abstract=/tmp/dbus-x,guid=0123', '\0/tmp/dbus-x'],
    ['tcp:host=localhost,port=1;unix:path=/second', '/second'],
    ['tcp:host=localhost,port=1', null],
    ['nonsense', null],
  ])('is read from the address %s', (address, path) => {
    expect(sessionBusPath({ DBUS_SESSION_BUS_ADDRESS: address })).toBe(path)
  })

  test('is the one of the user’s runtime folder where no address is given', () => {
    expect(sessionBusPath({ XDG_RUNTIME_DIR: '/run/user/1000' })).toBe('/run/user/1000/bus')
    expect(sessionBusPath({})).toBeNull()
  })
})

describe('a session bus that does not do its part', () => {
  let folder: string
  let server: Server
  const sockets = new Set<Socket>()

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotto-bus-'))
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((settle) => server.close(settle))
    rmSync(folder, { recursive: true })
  })

  function listen(answer: (socket: Socket) => void): Promise<NodeJS.ProcessEnv> {
    const path = join(folder, 'bus')
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      answer(socket)
    })
    return new Promise((resolve) => {
      server.listen(path, () => {
        resolve({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` })
      })
    })
  }

  test.each<[string, (socket: Socket) => void]>([
    ['never answers', () => undefined],
    ['hangs up', (socket) => socket.end()],
    ['refuses the user', (socket) => socket.write('REJECTED EXTERNAL\r\n')],
    ['talks rubbish', (socket) => socket.write(Buffer.alloc(4096, 0xff))],
    ['sends without end', (socket) => socket.write(Buffer.alloc(4 << 20, 0x6c))],
    [
      'announces a huge message',
      (socket) => socket.write('OK 0\r\nl\x02\0\x01\xff\xff\xff\x7f' + '\0'.repeat(64)),
    ],
    [
      'sends a message cut off in its fields',
      (socket) => {
        const message = Buffer.alloc(32)
        message.set([0x6c, 2, 0, 1])
        message.writeUInt32LE(9, 12)
        message.set([5, 200], 16)
        socket.write(Buffer.concat([Buffer.from('OK 0\r\n'), message]))
      },
    ],
  ])('counts as absent: it %s', async (_, answer) => {
    const env = await listen(answer)
    expect(await secretServiceState(env, 300)).toBe('absent')
  })
})
