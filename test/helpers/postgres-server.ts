import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { parseDatabaseUrl, type DatabaseAddress } from '#relay/postgres/database-url.ts'
import { eventually } from './eventually.ts'
import { valueOf } from './value-of.ts'

const DEBIAN_FOLDER = '/usr/lib/postgresql'
const READY_WITHIN_MS = 30_000

/** The newest installed server's programs, as Debian's `postgresql` lays them; `null` where there are none. */
export const POSTGRES_PROGRAMS: string | null = (() => {
  if (!existsSync(DEBIAN_FOLDER)) return null
  const [newest] = readdirSync(DEBIAN_FOLDER).toSorted((a, b) => Number(b) - Number(a))
  const folder = join(DEBIAN_FOLDER, newest ?? '', 'bin')
  return existsSync(join(folder, 'initdb')) ? folder : null
})()

/** Whom the servers run as: they refuse root. */
const OWNER: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 && POSTGRES_PROGRAMS !== null ? { uid: idOf('-u'), gid: idOf('-g') } : {}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
}

async function run(program: string, args: readonly string[]): Promise<void> {
  if (POSTGRES_PROGRAMS === null) throw new Error('there is no PostgreSQL')
  await promisify(execFile)(join(POSTGRES_PROGRAMS, program), args, { ...OWNER, cwd: '/' })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** One PostgreSQL server of a test, on a free loopback port and in a folder of its own. */
export class PostgresServer {
  readonly name: string
  readonly port: number
  readonly #folder: string
  #child: ChildProcess | null = null

  private constructor(name: string, port: number) {
    this.name = name
    this.port = port
    this.#folder = mkdtempSync(join(tmpdir(), `sotto-postgres-${name}-`))
    const { uid, gid } = OWNER
    if (uid !== undefined && gid !== undefined) chownSync(this.#folder, uid, gid)
  }

  /** A new, empty cluster with one server; everybody on this computer is `sotto`, without a password. */
  static async create(name: string): Promise<PostgresServer> {
    const server = new PostgresServer(name, await freePort())
    const options = [
      '--username=sotto',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ]
    await run('initdb', ['-D', server.#data, ...options])
    server.configure({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '100',
      shared_buffers: '64MB',
      wal_keep_size: '256MB',
      checkpoint_timeout: '30min',
      max_wal_size: '2GB',
      log_min_messages: 'panic',
    })
    return server
  }

  get #data(): string {
    return join(this.#folder, 'data')
  }

  get url(): string {
    return `postgres://sotto@127.0.0.1:${this.port}/postgres`
  }

  /** `null` where it does not run. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Appends settings; the last one counts. Takes effect at the next start, or `reload`. */
  configure(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`)
    appendFileSync(join(this.#data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`)
  }

  /** Speaks TLS from the next start on, to those who ask for it. */
  useCertificate(certificate: string, key: string): void {
    const { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 } = OWNER
    for (const [name, text] of [
      ['server.crt', certificate],
      ['server.key', key],
    ] as const) {
      const path = join(this.#data, name)
      writeFileSync(path, text, { mode: 0o600 })
      chownSync(path, uid, gid)
    }
    this.configure({ ssl: 'on' })
  }

  async start(): Promise<void> {
    const program = join(POSTGRES_PROGRAMS ?? '', 'postgres')
    const args = ['-D', this.#data, '-p', String(this.port)]
    this.#child = spawn(program, args, {
      ...OWNER,
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: '/',
    })
    await eventually(
      `${this.name} answers`,
      () => this.query('SELECT 1').catch(() => null),
      READY_WITHIN_MS,
    )
  }

  /** A copy of this server that follows it. */
  async standby(name: string): Promise<PostgresServer> {
    const standby = new PostgresServer(name, await freePort())
    await standby.follow(this)
    return standby
  }

  /** Makes this server, which does not run, a fresh copy that follows another one. */
  async follow(primary: PostgresServer): Promise<void> {
    rmSync(this.#data, { recursive: true, force: true })
    const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'sotto']
    await run('pg_basebackup', [...from, '-D', this.#data, '-R', '-c', 'fast', '--no-sync'])
    this.#pointTo(primary)
  }

  /** Makes this server, a running standby, follow another primary. */
  repoint(primary: PostgresServer): void {
    this.#pointTo(primary)
    this.reload()
  }

  #pointTo(primary: PostgresServer): void {
    const parts = `host=127.0.0.1 port=${primary.port} user=sotto application_name=${this.name}`
    this.configure({ primary_conninfo: parts })
  }

  reload(): void {
    this.#child?.kill('SIGHUP')
  }

  async promote(): Promise<void> {
    await this.query('SELECT pg_promote(true, 30)')
  }

  /** To the server process and all its children: what stops only the parent leaves sessions running. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    for (const child of [pid, ...children.split('\n').filter(Boolean).map(Number)]) {
      try {
        process.kill(child, signal)
      } catch {
        // It has ended since we looked.
      }
    }
  }

  /** Ends it: SIGINT as an operator does (fast), SIGKILL as a crash does. */
  async stop(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.#child = null
    const exited = once(child, 'exit')
    if (signal === 'SIGKILL') this.#signalAll(child, signal)
    else child.kill(signal)
    await exited
  }

  #signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
    this.#child = child
    this.signal(signal)
    this.#child = null
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Runs SQL on a connection of its own. */
  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query<Row>(sql, [...values])).rows
    } finally {
      await client.end()
    }
  }
}

/** A primary and standbys, of which one must have a change before it is acknowledged. */
export class PostgresCluster {
  readonly servers: readonly PostgresServer[]
  primary: PostgresServer

  private constructor(primary: PostgresServer, standbys: readonly PostgresServer[]) {
    this.primary = primary
    this.servers = [primary, ...standbys]
  }

  static async start(): Promise<PostgresCluster> {
    const primary = await PostgresServer.create('s0')
    await primary.start()
    const standbys: PostgresServer[] = []
    for (const name of ['s1', 's2']) standbys.push(await primary.standby(name))
    await Promise.all(standbys.map((standby) => standby.start()))
    const cluster = new PostgresCluster(primary, standbys)
    cluster.#wantQuorum()
    return cluster
  }

  /** All servers, as an operator names them who doesn't know which one is the primary. */
  get url(): string {
    const hosts = this.servers.map(({ port }) => `127.0.0.1:${port}`)
    return `postgres://sotto@${hosts.join(',')}/postgres?target_session_attrs=read-write`
  }

  get standbys(): readonly PostgresServer[] {
    return this.servers.filter((server) => server !== this.primary)
  }

  /** What Patroni does once the primary is gone: promotes the standby that has most and lets the others follow it. */
  async failOver(): Promise<void> {
    const former = this.primary
    const standbys = this.standbys
    const received = await Promise.all(
      standbys.map(async (server) => {
        const sql = "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::float8 AS bytes"
        return { server, bytes: (await server.query<{ bytes: number }>(sql))[0]?.bytes ?? 0 }
      }),
    )
    const [best] = received.toSorted((a, b) => b.bytes - a.bytes)
    if (best === undefined) throw new Error('there is no standby')
    this.primary = best.server
    this.#wantQuorum()
    await best.server.promote()
    for (const server of standbys) {
      if (server !== best.server && server !== former) server.repoint(best.server)
    }
  }

  /** Brings a server that is gone back, as a standby of the present primary. */
  async rejoin(server: PostgresServer): Promise<void> {
    await server.stop('SIGKILL')
    await server.follow(this.primary)
    await server.start()
  }

  /** Changes wait for any of the other two. */
  #wantQuorum(): void {
    const names = this.standbys.map(({ name }) => name).join(', ')
    this.primary.configure({ synchronous_standby_names: `ANY 1 (${names})` })
    this.primary.reload()
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.remove()))
  }
}

/** An address that the test wrote itself. */
export function databaseAddress(url: string): DatabaseAddress {
  return valueOf(parseDatabaseUrl(url))
}
