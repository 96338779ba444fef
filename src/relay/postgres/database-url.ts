import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'

export interface DatabaseHost {
  /** Name or address; a path is the folder of a Unix socket. */
  readonly host: string
  readonly port: number
}

/** Where a cluster is and how to enter it. */
export interface DatabaseAddress {
  /** All servers of one cluster, in any order: the relay finds out which one is the primary. */
  readonly hosts: readonly DatabaseHost[]
  readonly user: string
  readonly password: string | null
  readonly database: string
  readonly tls: TlsMode
  /** PEM file with the authorities that are believed, instead of the system's. */
  readonly rootCertFile: string | null
}

const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const
/** As in libpq. `require` encrypts without checking who answers. */
export type TlsMode = (typeof TLS_MODES)[number]

const DEFAULT_PORT = 5432
const URL_PARTS = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)\/([^?#]*)(?:\?([^#]*))?$/
const HOST_PARTS = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|\/.*)$/
const PARAMETERS = new Set(['host', 'sslmode', 'sslrootcert', 'target_session_attrs'])

function invalid(cause: string): Result<never, Failure<'INVALID_INPUT'>> {
  return err(failure('INVALID_INPUT', { cause }))
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function parseHosts(text: string): readonly DatabaseHost[] | null {
  const hosts: DatabaseHost[] = []
  for (const part of text.split(',')) {
    const [matched, name = '', port] = HOST_PARTS.exec(part) ?? []
    const host = decode(name.replace(/^\[(.*)\]$/, '$1'))
    const number = port === undefined ? DEFAULT_PORT : Number(port)
    if (matched === undefined || !host || number < 1 || number > 65_535) return null
    hosts.push({ host, port: number })
  }
  return hosts
}

/**
 * Reads `postgres://user:password@host:port,host:port/database?sslmode=…`. Without `sslmode`, servers on this computer
 * are spoken to in the clear and all others must prove who they are (`verify-full`).
 * @returns a failure whose cause is one plain sentence that never holds the password.
 */
export function parseDatabaseUrl(url: string): Result<DatabaseAddress, Failure<'INVALID_INPUT'>> {
  const parts = URL_PARTS.exec(url)
  if (parts === null) {
    return invalid('The database URL must look like postgres://user:password@host:5432/database.')
  }
  const [, login = '', authority = '', path = '', search = ''] = parts
  const query = new URLSearchParams(search)
  const unknown = [...query.keys()].find((key) => !PARAMETERS.has(key))
  if (unknown !== undefined)
    return invalid(`The database URL has an unknown parameter: ${unknown}.`)
  const hosts = parseHosts(query.get('host') ?? authority)
  if (hosts === null) return invalid('The database URL must name one or more hosts.')
  const [name = '', secret] = login.split(/:(.*)/s)
  const user = decode(name)
  const password = secret === undefined ? null : decode(secret)
  const database = decode(path)
  if (!user) return invalid('The database URL must name a user.')
  if (secret !== undefined && password === null) {
    return invalid('The password in the database URL must be percent-encoded.')
  }
  if (!database) return invalid('The database URL must name a database.')
  const target = query.get('target_session_attrs') ?? 'read-write'
  if (target !== 'read-write' && target !== 'primary') {
    return invalid('The relay reads and writes at the primary: target_session_attrs=read-write.')
  }
  const local = hosts.every(({ host }) => LOOPBACK.test(host))
  const mode = query.get('sslmode') ?? (local ? 'disable' : 'verify-full')
  const tls = TLS_MODES.find((known) => known === mode)
  if (tls === undefined) return invalid(`sslmode must be one of ${TLS_MODES.join(', ')}.`)
  return ok({ hosts, user, password, database, tls, rootCertFile: query.get('sslrootcert') })
}

/** The servers as text for logs and messages: no user, no password. */
export function describeDatabase({ hosts, database }: DatabaseAddress): string {
  const servers = hosts.map(
    ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
  )
  return `${servers.join(',')}/${database}`
}
