import type { CdpSession, Protocol as Cdp } from './cdp.ts'
import { fromChromium, schemeOf } from './addresses.ts'
import { Protocol } from './api/protocol.ts'
import type { Session } from './api/session.ts'
import { WebRequest } from './api/web-request.ts'

type Paused = Cdp.Events['Fetch.requestPaused']

/** Schemes Chromium loads by itself. */
const CHROMIUM_SCHEMES = new Set(['http', 'https', 'file', 'data', 'blob', 'about'])

let lastRequestNumber = 0

/** Answers a page's request as Electron's network layer would: with the app's handlers, or from outside. */
export async function answerRequest(
  page: CdpSession,
  session: Session,
  { requestId, request, resourceType }: Paused,
): Promise<void> {
  const url = fromChromium(request.url)
  const details = {
    id: ++lastRequestNumber,
    url,
    method: request.method,
    resourceType: resourceType === 'Document' ? 'mainFrame' : resourceType.toLowerCase(),
  }
  if (!(await WebRequest.allows(session.webRequest, details))) {
    await page.send('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' })
    return
  }
  const scheme = schemeOf(url)
  if (resourceType === 'Other' && url.endsWith('/favicon.ico')) {
    // Chromium looks for an icon for its tab; Electron has no tabs.
    await page.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' })
    return
  }
  const handler = Protocol.handlerOf(session.protocol, scheme)
  if (handler === undefined) {
    if (CHROMIUM_SCHEMES.has(scheme)) await page.send('Fetch.continueRequest', { requestId })
    else await page.send('Fetch.failRequest', { requestId, errorReason: 'Failed' })
    return
  }
  let response: Response
  try {
    response = await handler(toRequest(url, request))
  } catch (error) {
    console.error(`stand-in: the handler of ${scheme}: failed`, error)
    await page.send('Fetch.failRequest', { requestId, errorReason: 'Failed' })
    return
  }
  const responseHeaders: Record<string, string[]> = {}
  for (const [name, value] of response.headers) (responseHeaders[name] ??= []).push(value)
  const headers = await WebRequest.headers(session.webRequest, {
    ...details,
    statusCode: response.status,
    responseHeaders,
  })
  if (headers === undefined) {
    await page.send('Fetch.failRequest', { requestId, errorReason: 'BlockedByResponse' })
    return
  }
  const body = Buffer.from(await response.arrayBuffer())
  await page.send('Fetch.fulfillRequest', {
    requestId,
    responseCode: response.status,
    responseHeaders: Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((value) => ({ name, value })),
    ),
    body: body.toString('base64'),
  })
}

function toRequest(
  url: string,
  { method, headers, postDataEntries }: Cdp.Network.Request,
): Request {
  const parts = postDataEntries?.map(({ bytes }) => Buffer.from(bytes ?? '', 'base64')) ?? []
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(url, { method, headers, ...(hasBody ? { body: Buffer.concat(parts) } : {}) })
}
