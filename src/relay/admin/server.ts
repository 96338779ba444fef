import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import { once } from 'node:events'
import { chmodSync, lstatSync, rmSync } from 'node:fs'
import type { RelayApp, RelayContext } from '../context.ts'
import { makeErrorHandler, refuse } from '../request-error.ts'
import { compileSchema } from '../schema-validation.ts'
import { systemReason } from '../system-error.ts'
import { adminRoutes } from './routes.ts'

const BODY_BYTES = 4_096

export interface AdminServer {
  close(): Promise<void>
}

/** A socket that a relay left behind when it was killed. Anything else under that name is not ours to remove. */
function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new Error(
      `${path} is not a socket: "relay admin" needs that place (setting adminSocket).`,
    )
  }
  rmSync(path)
}

/**
 * Listens for `relay admin` on a socket that only this user may open.
 * @param path - of the socket; nobody else uses it, since its folder is locked.
 */
export async function startAdminServer(
  context: RelayContext,
  path: string,
  logger: FastifyBaseLogger,
): Promise<AdminServer> {
  const { nowMs } = context
  const app: RelayApp = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(compileSchema)
  app.setErrorHandler(makeErrorHandler(nowMs))
  app.setNotFoundHandler(() => {
    throw refuse('NOT_FOUND')
  })
  adminRoutes(app, context, nowMs())
  await app.ready()
  const isPipe = process.platform === 'win32'
  if (!isPipe) removeStale(path)
  const listening = once(app.server, 'listening')
  app.server.listen({ path })
  // Bound by now, if at all, so that there is no moment in which others can open it.
  if (!isPipe && app.server.listening) chmodSync(path, 0o600)
  await listening.catch((cause: unknown) => {
    const why = systemReason(cause)
    throw new Error(`"relay admin" cannot have ${path}: ${why} (setting adminSocket).`, { cause })
  })
  return { close: () => app.close() }
}
