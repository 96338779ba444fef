import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { SocksClient } from 'socks'
import { isLoopback, type RelayOrigin } from './relay-origin.ts'

const CONNECT_TIMEOUT_MS = 10_000
const SOCKS_PORT = 1080

/** Why no connection came about. */
export type DialErrorCode = 'RELAY_UNREACHABLE' | 'RELAY_INSECURE' | 'PROXY_UNREACHABLE'

export class DialError extends Error {
  override readonly name = 'DialError'
  readonly code: DialErrorCode
  /** Somebody answered, but not with TLS. */
  readonly plainAnswer: boolean

  constructor(code: DialErrorCode, cause: unknown, plainAnswer = false) {
    super(code, { cause })
    this.code = code
    this.plainAnswer = plainAnswer
  }
}

export interface DialOptions {
  /** `http:`, `https:` or `socks5:`, with user and password where needed; `null`: none. Asked for each connection. */
  readonly proxyFor: (origin: RelayOrigin) => Promise<URL | null>
  /** Certificate authority (PEM) to trust instead of the system's, for tests and private relays. */
  readonly trustedCa: string | null
}

/**
 * Opens a connection to a relay, through the proxy where there is one, with TLS where the origin has it.
 * @throws DialError
 */
export async function dial(origin: RelayOrigin, options: DialOptions): Promise<Socket> {
  const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
  const proxy = isLoopback(origin.hostname) ? null : await proxyFor(origin, options, signal)
  const socket =
    proxy === null
      ? await direct(origin, signal)
      : await throughProxy(proxy, origin, signal).catch((cause: unknown) => {
          throw cause instanceof DialError ? cause : new DialError('PROXY_UNREACHABLE', cause)
        })
  socket.setNoDelay(true)
  return origin.secure ? encrypt(socket, origin, options.trustedCa, signal) : socket
}

/** Without an answer there is no connection: one past the proxy would show who connects. */
function proxyFor(
  origin: RelayOrigin,
  options: DialOptions,
  signal: AbortSignal,
): Promise<URL | null> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => reject(new DialError('PROXY_UNREACHABLE', cause))
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
    options.proxyFor(origin).then(resolve, fail)
  })
}

function direct({ hostname, port }: RelayOrigin, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Not given the signal as an option: it would destroy the socket long after it has connected.
    const socket = connectTcp({ host: hostname, port })
    const fail = (cause: unknown): void => reject(new DialError('RELAY_UNREACHABLE', cause))
    const giveUp = (): void => void socket.destroy(new Error('the relay does not answer in time'))
    signal.addEventListener('abort', giveUp)
    socket.once('error', fail)
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

function throughProxy(proxy: URL, origin: RelayOrigin, signal: AbortSignal): Promise<Socket> {
  switch (proxy.protocol) {
    case 'http:':
    case 'https:':
      return throughHttpProxy(proxy, origin, signal)
    case 'socks:':
    case 'socks5:':
    case 'socks5h:':
      return throughSocks(proxy, origin)
    default:
      throw new DialError('PROXY_UNREACHABLE', new Error('unknown kind of proxy'))
  }
}

function throughHttpProxy(proxy: URL, origin: RelayOrigin, signal: AbortSignal): Promise<Socket> {
  const host = isIP(origin.hostname) === 6 ? `[${origin.hostname}]` : origin.hostname
  const authority = `${host}:${origin.port}`
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      agent: false,
      signal,
      headers: {
        host: authority,
        ...(credentials !== ':' && {
          'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}`,
        }),
      },
    })
    request.once('error', reject)
    request.once('response', (response) => {
      response.resume()
      reject(new Error(`the proxy answered ${response.statusCode}`))
    })
    request.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) resolve(socket)
      else {
        socket.destroy()
        // The proxy works, but cannot reach the relay (RFC 9110 §15.6).
        const code = statusCode !== undefined && statusCode >= 502 ? 'RELAY' : 'PROXY'
        reject(new DialError(`${code}_UNREACHABLE`, new Error(`the proxy answered ${statusCode}`)))
      }
    })
    request.end()
  })
}

async function throughSocks(proxy: URL, origin: RelayOrigin): Promise<Socket> {
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    timeout: CONNECT_TIMEOUT_MS,
    proxy: {
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port) || SOCKS_PORT,
      type: 5,
      ...(proxy.username !== '' && {
        userId: decodeURIComponent(proxy.username),
        password: decodeURIComponent(proxy.password),
      }),
    },
    destination: { host: origin.hostname, port: origin.port },
  })
  return socket
}

const CERTIFICATE_ERROR = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/

function encrypt(
  socket: Socket,
  { hostname }: RelayOrigin,
  trustedCa: string | null,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      host: hostname,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      ...(isIP(hostname) === 0 && { servername: hostname }),
      ...(trustedCa !== null && { ca: trustedCa }),
    })
    const timeOut = (): void => void secured.destroy(new Error('the TLS handshake took too long'))
    signal.addEventListener('abort', timeOut, { once: true })
    const fail = (cause: Error & { code?: string }): void => {
      socket.destroy()
      const code = cause.code ?? ''
      const plainAnswer = code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO'
      const insecure = plainAnswer || code.startsWith('ERR_SSL') || CERTIFICATE_ERROR.test(code)
      reject(new DialError(insecure ? 'RELAY_INSECURE' : 'RELAY_UNREACHABLE', cause, plainAnswer))
    }
    secured.once('error', fail)
    secured.once('secureConnect', () => {
      signal.removeEventListener('abort', timeOut)
      secured.off('error', fail)
      resolve(secured)
    })
  })
}
