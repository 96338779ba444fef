import { loudClass } from '../loud.ts'

interface Details {
  readonly id: number
  readonly url: string
  readonly method: string
  readonly resourceType: string
}
interface HeadersDetails extends Details {
  readonly statusCode: number
  readonly responseHeaders: Record<string, string[]>
}
interface BeforeAnswer {
  readonly cancel?: boolean
}
interface HeadersAnswer {
  readonly cancel?: boolean
  readonly responseHeaders?: Record<string, string | string[]>
}
interface Filter {
  readonly urls: readonly string[]
}
type Listener<D, A> = (details: D, callback: (answer: A) => void) => void
interface Listening<D, A> {
  readonly matches: (url: string) => boolean
  readonly listener: Listener<D, A>
}

function matcher({ urls }: Filter): (url: string) => boolean {
  if (urls.includes('<all_urls>')) return () => true
  const patterns = urls.map((pattern) => {
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
    return new RegExp(`^${escaped}$`)
  })
  return (url) => patterns.some((pattern) => pattern.test(url))
}

function listening<D, A>(
  filterOrListener: Filter | Listener<D, A> | null,
  listener?: Listener<D, A> | null,
): Listening<D, A> | undefined {
  if (typeof filterOrListener === 'function') {
    return { matches: () => true, listener: filterOrListener }
  }
  if (filterOrListener === null || !listener) return undefined
  return { matches: matcher(filterOrListener), listener }
}

/** `session.webRequest`: the two events an app can block or harden requests with. */
export class WebRequest {
  #before: Listening<Details, BeforeAnswer> | undefined
  #headers: Listening<HeadersDetails, HeadersAnswer> | undefined

  onBeforeRequest(
    filter: Filter | Listener<Details, BeforeAnswer> | null,
    listener?: Listener<Details, BeforeAnswer> | null,
  ): void {
    this.#before = listening(filter, listener)
  }

  onHeadersReceived(
    filter: Filter | Listener<HeadersDetails, HeadersAnswer> | null,
    listener?: Listener<HeadersDetails, HeadersAnswer> | null,
  ): void {
    this.#headers = listening(filter, listener)
  }

  /** The stand-in's own: whether the app lets a request pass. */
  static async allows(of: WebRequest, details: Details): Promise<boolean> {
    const before = of.#before
    if (before === undefined || !before.matches(details.url)) return true
    const answer = await new Promise<BeforeAnswer>((resolve) => before.listener(details, resolve))
    return answer.cancel !== true
  }

  /** The stand-in's own: the headers as the app wants them; `undefined` where it cancels. */
  static async headers(
    of: WebRequest,
    details: HeadersDetails,
  ): Promise<Record<string, string | string[]> | undefined> {
    const headers = of.#headers
    if (headers === undefined || !headers.matches(details.url)) return details.responseHeaders
    const answer = await new Promise<HeadersAnswer>((resolve) => headers.listener(details, resolve))
    if (answer.cancel === true) return undefined
    return answer.responseHeaders ?? details.responseHeaders
  }
}
loudClass('session.webRequest', WebRequest)
