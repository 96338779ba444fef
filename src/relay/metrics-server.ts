import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { originOf } from './origin.ts'
import type { RelayMetrics } from './metrics.ts'

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/** `/metrics` on a port of its own, so that it need not be reachable from outside. */
export async function serveMetrics(
  metrics: RelayMetrics,
  host: string,
  port: number,
  onError: (cause: unknown) => void,
): Promise<MetricsServer> {
  const { registry } = metrics
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (cause: unknown) => {
        onError(cause)
        response.writeHead(500).end()
      },
    )
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    url: `${originOf('http', server.address() as AddressInfo)}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
