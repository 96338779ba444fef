import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import underPressure from '@fastify/under-pressure'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { ERA_HEADER } from '#protocol/relay-limits.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { failure } from '#shared/errors.ts'
import manifest from '../../package.json' with { type: 'json' }
import { Admission } from './admission.ts'
import type { RelayApp, RelayContext } from './context.ts'
import type { RelayMetrics } from './metrics.ts'
import { errorAnswer, makeErrorHandler, refuse } from './request-error.ts'
import { accountRoutes } from './routes/accounts.ts'
import { blobRoutes, PART_TYPE } from './routes/blobs.ts'
import { DEPOSITS_PATH, depositRoutes } from './routes/deposits.ts'
import { groupRoutes } from './routes/groups.ts'
import { keyLogRoutes } from './routes/key-log.ts'
import { mailboxRoutes, STREAM_PATH } from './routes/mailbox.ts'
import { prekeyRoutes } from './routes/prekeys.ts'
import { serviceRoutes } from './routes/service.ts'
import { compileSchema } from './schema-validation.ts'
import { Upgrades } from './upgrades.ts'

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const MAX_HEADER_BYTES = 8_192
const KEEP_ALIVE_MS = 75_000
const JSON_BODY_BYTES = 64 * 1024
const RETRY_WHEN_OVERLOADED_MS = 1_000

/** Builds the HTTP server of a relay; it listens when told to. */
export async function buildServer(
  context: RelayContext,
  logger: FastifyBaseLogger,
): Promise<RelayApp> {
  const { config, nowMs } = context
  const { requestTimeoutMs } = config.limits
  const options = {
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // No child logger per request: only errors are logged, and nothing tells requests apart.
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    // The one hop that is the proxy: what it says of the client, not what the client says of itself.
    trustProxy: config.trustProxy && ((_address: string, hop: number) => hop === 0),
    bodyLimit: JSON_BODY_BYTES,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: config.limits.silenceMs,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle' as const,
    return503OnClosing: false,
    frameworkErrors: (_error: Error, _request: unknown, reply: { raw: ServerResponse }) =>
      answerRaw(reply.raw, nowMs()),
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) =>
      answerClientError(error, socket, nowMs()),
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: requestTimeoutMs,
      // Asked for below: Node's own answer has no code.
      requireHostHeader: false,
      connectionsCheckingInterval: requestTimeoutMs / 4,
    },
  }
  const app: RelayApp = (
    config.tls === null
      ? Fastify(options)
      : Fastify({
          ...options,
          https: { ...options.http, ...config.tls, minVersion: 'TLSv1.2' as const },
        })
  ).withTypeProvider<TypeBoxTypeProvider>()
  // Node's own answer to an `expect` that is not 100-continue has no code.
  app.server.on('checkExpectation', (_request, response: ServerResponse) =>
    answerRaw(response, nowMs()),
  )

  app.setValidatorCompiler(compileSchema)
  app.setErrorHandler(makeErrorHandler(nowMs))
  app.setNotFoundHandler(() => {
    throw refuse('NOT_FOUND')
  })
  const admission = new Admission(context)
  admission.install(app)
  acceptBodies(app)
  tellEra(app, context)
  app.decorateRequest('mailbox', null)
  if (config.metricsPort !== null) measureRequests(app, context.metrics)
  if (logger.level === 'debug') logRequests(app, logger)
  app.addHook('onRequest', (request, _reply, done) => {
    const { httpVersion, headers } = request.raw
    const isNameless = httpVersion !== '1.0' && headers.host === undefined
    if (isNameless) done(refuse('INVALID_INPUT'))
    // Of a page in a browser, which may stand where the relay should not be reached from: on its own computer.
    else done(headers.origin === undefined ? undefined : refuse('FORBIDDEN'))
  })
  await app.register(underPressure, {
    maxEventLoopDelay: config.limits.eventLoopDelayMs,
    pressureHandler: () => {
      throw overloaded()
    },
  })
  await app.register(swagger, {
    openapi: { info: { title: 'Sotto relay', version: manifest.version } },
    // Of uploads; those that only refuse are hidden.
    exposeHeadRoutes: true,
  })
  const paths = new Set([STREAM_PATH, DEPOSITS_PATH])
  const upgrades = new Upgrades(app, paths, (response) => answerRaw(response, nowMs()))
  registerRoutes(app, context, upgrades, admission)
  await app.ready()
  return app
}

/** With every answer, refusals included: that is how senders learn that the relay may have forgotten something. */
function tellEra(app: RelayApp, { storage }: RelayContext): void {
  const era = encodeBase64Url(storage.era)
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header(ERA_HEADER, era)
    done()
  })
}

/** A route as RELAY-API has it: never what a request has put into its path. */
function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url?.replace('::', ':') ?? 'none'
}

function measureRequests(app: RelayApp, metrics: RelayMetrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const labels = { method: request.method, route: routeOf(request), status: reply.statusCode }
    metrics.requests.observe(labels, reply.elapsedTime / 1_000)
    done()
  })
}

/** One line a request: its route, never its path, which has names. */
function logRequests(app: RelayApp, logger: FastifyBaseLogger): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request
    const ms = Math.round(reply.elapsedTime * 10) / 10
    logger.debug({ method, route: routeOf(request), status: reply.statusCode, ms }, 'request')
    done()
  })
}

function overloaded(): Error {
  const error = refuse('OVERLOADED')
  return Object.assign(error, {
    failure: failure('OVERLOADED', { retryAfterMs: RETRY_WHEN_OVERLOADED_MS }),
  })
}

/** The routes, and for each path an answer to the methods it doesn't offer. */
function registerRoutes(
  app: RelayApp,
  context: RelayContext,
  upgrades: Upgrades,
  admission: Admission,
): void {
  const offered = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = offered.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    offered.set(url, methods)
  })
  serviceRoutes(app, context)
  accountRoutes(app, context)
  prekeyRoutes(app, context)
  keyLogRoutes(app, context)
  mailboxRoutes(app, context, upgrades, admission)
  depositRoutes(app, context, upgrades, admission)
  groupRoutes(app, context)
  blobRoutes(app, context)
  for (const [url, seen] of offered) {
    const methods = new Set(seen)
    app.route({
      method: METHODS.filter((method) => !methods.has(method)),
      url,
      schema: { hide: true },
      // Before the body is read: what it holds doesn't matter.
      onRequest: async (_request, reply) => {
        reply.header('allow', [...methods].join(', '))
        throw refuse('METHOD_NOT_ALLOWED')
      },
      handler: () => undefined,
    })
  }
}

/** JSON and plain bytes, both kept as they arrived, for the digest; parts of uploads stream. */
function acceptBodies(app: RelayApp): void {
  app.decorateRequest('rawBody', null)
  app.removeAllContentTypeParsers()
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      request.rawBody = body
      void parseJson(request, body.toString('utf8'), done)
    },
  )
  app.addContentTypeParser<Buffer>(
    'application/octet-stream',
    { parseAs: 'buffer' },
    (request, body, done) => {
      request.rawBody = body
      done(null, body)
    },
  )
  app.addContentTypeParser(PART_TYPE, (_request, payload, done) => done(null, payload))
}

/** What cannot even be routed: an upgrade where there is none, a path or an expectation of no form. */
function answerRaw(response: ServerResponse, nowMs: number): void {
  const { status, body } = errorAnswer(failure('INVALID_INPUT'), nowMs)
  const json = JSON.stringify(body)
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    connection: 'close',
  }
  response.writeHead(status, headers).end(json)
}

/** Bytes that are not HTTP, headers without end, requests that take too long. */
function answerClientError(error: Error & { code?: string }, socket: Socket, nowMs: number): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const { status, body } = errorAnswer(failure(tooLarge ? 'TOO_LARGE' : 'INVALID_INPUT'), nowMs)
  const json = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} ${tooLarge ? 'Payload Too Large' : 'Bad Request'}\r\nconnection: close\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  )
}
