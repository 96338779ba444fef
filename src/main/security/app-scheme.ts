import { readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { protocol, type Session } from 'electron'
import { PAGE_HEADERS } from './page-headers.ts'

/** Pages come from a scheme of our own, never from `file://`, so that they have an origin and headers. */
const APP_SCHEME = 'app'
const APP_HOST = 'sotto'
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`
export const START_URL = `${APP_ORIGIN}/`

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
}

/** Before the app is ready: gives the scheme an origin, a secure context and `fetch`, and nothing else. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ])
}

/** Serves the built page from `root` to one session. */
export function serveAppScheme(session: Session, root: string): void {
  session.protocol.handle(APP_SCHEME, (request) => answerPageRequest(request, root))
}

/** Answers one request for a file of the page: reading only, our host only, inside `root` only. */
export async function answerPageRequest(
  request: { readonly url: string; readonly method: string },
  root: string,
): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405)
  const path = fileOf(request.url, root)
  const contentType = path === null ? undefined : CONTENT_TYPES[extname(path)]
  if (path === null || contentType === undefined) return plain(404)
  let content: Buffer<ArrayBuffer>
  try {
    content = await readFile(path)
  } catch {
    return plain(404)
  }
  const headers = { ...PAGE_HEADERS, 'content-type': contentType }
  return new Response(request.method === 'HEAD' ? null : content, { headers })
}

/**
 * The file that a URL of ours names, `/` being `index.html`.
 * @returns `null` for any other origin and for every path that could lead out of `root`.
 */
export function fileOf(requestUrl: string, root: string): string | null {
  const url = URL.parse(requestUrl)
  if (url === null || url.protocol !== `${APP_SCHEME}:` || url.host !== APP_HOST) return null
  if (url.username !== '' || url.password !== '') return null
  const segments = (url.pathname === '/' ? '/index.html' : url.pathname).slice(1).split('/')
  if (!segments.every((segment) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(segment))) return null
  const path = join(root, ...segments)
  return path.startsWith(root + sep) ? path : null
}

function plain(status: 404 | 405): Response {
  const headers = { ...PAGE_HEADERS, 'content-type': 'text/plain; charset=utf-8' }
  return new Response(status === 404 ? 'Not found' : 'Method not allowed', { status, headers })
}
