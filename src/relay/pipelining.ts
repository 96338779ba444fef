import type { Socket } from 'node:net'
import type { RelayApp } from './context.ts'

/** Clients of ours ask one thing at a time on a connection; some others ask a few ahead. */
const MAX_IN_FLIGHT = 32

/** Ends a connection that asks on and on without reading: its answers would all be in memory. */
export function limitPipelining(app: RelayApp): void {
  const inFlight = new WeakMap<Socket, number>()
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    const count = (inFlight.get(socket) ?? 0) + 1
    inFlight.set(socket, count)
    if (count > MAX_IN_FLIGHT) {
      socket.destroy()
      return
    }
    reply.raw.once('close', () => inFlight.set(socket, (inFlight.get(socket) ?? 1) - 1))
    done()
  })
}
