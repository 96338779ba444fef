import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from './chromium.ts'

/** What a second instance hands to the first. */
export interface SecondInstance {
  readonly argv: string[]
  readonly cwd: string
  readonly data: unknown
}

/** Held by the first instance of a profile. */
export interface InstanceLock {
  release(): void
}

const HAND_OVER_MS = 3_000

// Electron's call is synchronous and a socket is not: a small process hands the message over. It tries again
// for a moment, as the first instance may have its lock but not yet its socket.
const HAND_OVER = `
  const [path, message] = process.argv.slice(1)
  const until = Date.now() + ${HAND_OVER_MS}
  function attempt() {
    const socket = require('node:net').connect(path, () => socket.end(message))
    socket.on('close', (failed) => {
      if (!failed) return
      if (Date.now() > until) process.exitCode = 1
      else setTimeout(attempt, 50)
    })
    socket.on('error', () => {})
  }
  attempt()
`

/**
 * Takes the lock of a profile, or hands `message` to the instance that has it.
 * @returns `null` where another instance took the message.
 */
export function lockInstance(
  profile: string,
  message: SecondInstance,
  onSecond: (second: SecondInstance) => void,
): InstanceLock | null {
  mkdirSync(profile, { recursive: true })
  const lock = join(profile, 'SingletonLock')
  const name = createHash('sha256').update(profile).digest('hex').slice(0, 16)
  const path = join(tmpdir(), `standin-${name}.sock`)
  while (!takeFile(lock)) {
    if (isHeld(lock) && handOver(path, message)) return null
    rmSync(lock, { force: true }) // Its owner was killed.
  }
  rmSync(path, { force: true })
  const server = listen(path, onSecond)
  return {
    release() {
      server.close()
      rmSync(path, { force: true })
      rmSync(lock, { force: true })
    },
  }
}

function takeFile(lock: string): boolean {
  // Linked, not written: no one may see the file without its number.
  const written = `${lock}-${process.pid}`
  writeFileSync(written, String(process.pid))
  try {
    linkSync(written, lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(written, { force: true })
  }
}

function isHeld(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'))
    return pid > 0 && isAlive(pid)
  } catch {
    return false
  }
}

function handOver(path: string, message: SecondInstance): boolean {
  const { status } = spawnSync(process.execPath, ['-e', HAND_OVER, path, JSON.stringify(message)])
  return status === 0
}

function listen(path: string, onSecond: (second: SecondInstance) => void): Server {
  const server = createServer((socket) => {
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => socket.destroy())
    socket.on('end', () => onSecond(JSON.parse(text) as SecondInstance))
  })
  server.listen(path)
  return server.unref()
}
