import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createInterface } from 'node:readline'

const run = promisify(execFile)
const LOGIN_COLLECTION = '/org/freedesktop/secrets/collection/login'
/** `GKD_CONTROL_OP_UNLOCK` of its control protocol. */
const CONTROL_UNLOCK = 1
const READY_TRIES = 100
const READY_PAUSE_MS = 50

/** A bus that starts no services by itself: the computer's own keyring would come before ours. */
const BUS_CONFIG = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

/** A Secret Service of its own: gnome-keyring on a private D-Bus session. */
export interface Keyring {
  /** Environment for programs that shall use it. */
  readonly env: Readonly<Record<string, string>>
  lock(): Promise<void>
  unlock(): Promise<void>
  stop(): Promise<void>
}

/** Environment in which programs find no Secret Service at all. */
export const WITHOUT_KEYRING: Readonly<Record<string, string | undefined>> = {
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/sotto-no-bus',
  DISPLAY: undefined,
  WAYLAND_DISPLAY: undefined,
}

/**
 * Starts an unlocked keyring.
 * @param folder - where its file is kept; a temporary one where absent
 * @param password - what encrypts the file
 * @throws Error where dbus-daemon or gnome-keyring is not installed.
 */
export async function startKeyring(folder?: string, password = 'test password'): Promise<Keyring> {
  const home = folder ?? mkdtempSync(join(tmpdir(), 'sotto-keyring-'))
  const runtimeFolder = mkdtempSync(join(tmpdir(), 'sotto-run-'))
  mkdirSync(join(home, 'keyrings'), { recursive: true })
  const config = join(runtimeFolder, 'bus.conf')
  writeFileSync(config, BUS_CONFIG)
  const bus = spawn(
    'dbus-daemon',
    [`--config-file=${config}`, '--nofork', '--nopidfile', '--print-address=1'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const address = await firstLine(bus)
  const env = { DBUS_SESSION_BUS_ADDRESS: address }
  const daemonEnv = { ...env, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: runtimeFolder }
  const killBus = (): void => void bus.kill('SIGKILL')
  process.once('exit', killBus)
  const daemon = await startDaemon(daemonEnv, password)
  const killDaemon = (): void => void daemon.kill('SIGKILL')
  process.once('exit', killDaemon)
  return {
    env,
    async lock() {
      await call(env, 'Lock')
    },
    async unlock() {
      await unlockAsLogin(join(runtimeFolder, 'keyring/control'), password)
    },
    async stop() {
      process.off('exit', killBus).off('exit', killDaemon)
      await end(daemon)
      await end(bus)
      rmSync(runtimeFolder, { recursive: true, force: true })
      if (folder === undefined) rmSync(home, { recursive: true, force: true })
    },
  }
}

async function startDaemon(
  env: Readonly<Record<string, string>>,
  password: string,
): Promise<ChildProcess> {
  const daemon = spawn(
    'gnome-keyring-daemon',
    ['--foreground', '--unlock', '--components=secrets'],
    {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  )
  daemon.on('error', () => undefined) // Reported below, as a service that never comes.
  daemon.stdin?.on('error', () => undefined)
  daemon.stdin?.end(password)
  for (let i = 0; i < READY_TRIES; i++) {
    const isLocked = await call(env, 'Locked').catch(() => null)
    if (isLocked?.includes('false')) return daemon
    await new Promise((settle) => setTimeout(settle, READY_PAUSE_MS))
  }
  daemon.kill('SIGKILL')
  throw new Error('gnome-keyring does not start: are dbus and gnome-keyring installed?')
}

/**
 * Unlocks as a login does (gnome-keyring's PAM module): the password goes to the running daemon, whose clients keep
 * their connections.
 */
function unlockAsLogin(controlSocket: string, password: string): Promise<void> {
  const secret = Buffer.from(password)
  const request = Buffer.alloc(1 + 12)
  request.writeUInt32BE(12 + secret.length, 1)
  request.writeUInt32BE(CONTROL_UNLOCK, 5)
  request.writeUInt32BE(secret.length, 9)
  return new Promise((resolve, reject) => {
    // The first byte, zero, carries the credentials of the process.
    const socket = connect(controlSocket, () => socket.write(Buffer.concat([request, secret])))
    socket.once('error', reject)
    socket.once('data', (answer) => {
      socket.destroy()
      if (answer.length === 8 && answer.readUInt32BE(4) === 0) resolve()
      else reject(new Error('gnome-keyring does not take the password'))
    })
  })
}

async function call(
  env: Readonly<Record<string, string>>,
  what: 'Lock' | 'Locked',
): Promise<string> {
  const [path, method, ...args] =
    what === 'Lock'
      ? [
          '/org/freedesktop/secrets',
          'org.freedesktop.Secret.Service.Lock',
          `array:objpath:${LOGIN_COLLECTION}`,
        ]
      : [
          LOGIN_COLLECTION,
          'org.freedesktop.DBus.Properties.Get',
          'string:org.freedesktop.Secret.Collection',
          'string:Locked',
        ]
  const { stdout } = await run(
    'dbus-send',
    ['--session', '--print-reply', '--dest=org.freedesktop.secrets', path, method, ...args],
    { env: { ...process.env, ...env } },
  )
  return stdout
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error('dbus-daemon does not start', { cause: error })),
    )
    child.once('exit', () => reject(new Error('dbus-daemon has ended')))
    if (child.stdout !== null) createInterface(child.stdout).once('line', resolve)
  })
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((settle) => {
    if (child.exitCode !== null || child.signalCode !== null) return settle()
    child.once('exit', () => settle())
    child.kill('SIGKILL')
  })
}
