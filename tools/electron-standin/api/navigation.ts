import type { EventEmitter } from 'node:events'
import { fromChromium } from '../addresses.ts'
import type { CdpSession, Protocol as Cdp } from '../cdp.ts'
import { preventable, type PreventableEvent } from '../events.ts'
import type { PageHost } from '../page-host.ts'

/** Where a page is, where it may go, and what its `webContents` tells of it. */
export class Navigation {
  readonly #contents: EventEmitter
  readonly #mainFrame: object
  #url = ''
  #isLoading = false
  /** Address of a navigation that the app itself began. */
  #begun: string | undefined

  constructor(contents: EventEmitter, mainFrame: object) {
    this.#contents = contents
    this.#mainFrame = mainFrame
  }

  get url(): string {
    return this.#url
  }
  get isLoading(): boolean {
    return this.#isLoading
  }

  /** The app itself goes there: its handlers are not asked. */
  begin(url: string): void {
    this.#begun = url
  }

  watch(page: CdpSession, host: PageHost): void {
    const isMain = (frameId: string): boolean => frameId === host.targetId
    page.on('Page.frameStartedLoading', ({ frameId }) => {
      if (!isMain(frameId)) return
      this.#isLoading = true
      this.#contents.emit('did-start-loading')
    })
    page.on('Page.frameStoppedLoading', ({ frameId }) => {
      if (!isMain(frameId)) return
      this.#isLoading = false
      this.#contents.emit('did-stop-loading')
    })
    page.on('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId !== undefined) return
      this.#url = fromChromium(frame.url)
      this.#begun = undefined
      this.#contents.emit('did-navigate', {}, this.#url, 200, 'OK')
    })
    page.on('Page.navigatedWithinDocument', ({ frameId, url }) => {
      if (isMain(frameId)) this.#url = fromChromium(url)
      this.#contents.emit('did-navigate-in-page', {}, fromChromium(url), isMain(frameId))
    })
    page.on('Page.frameRequestedNavigation', ({ frameId, url }) => {
      // Chromium asks the system to open these; no request is made that could be stopped.
      if (!isMain(frameId) || /^(https?|file|data|blob|about):/.test(url)) return
      this.#contents.emit('will-navigate', this.#event(url, true), url)
    })
    page.on('Page.domContentEventFired', () => this.#contents.emit('dom-ready', {}))
    page.on('Page.loadEventFired', () => {
      this.#contents.emit('did-frame-finish-load', {}, true)
      this.#contents.emit('did-finish-load')
    })
  }

  /** Asks the app's handlers about a document that a page requests. */
  allows(paused: Cdp.Events['Fetch.requestPaused'], host: PageHost): boolean {
    const url = fromChromium(paused.request.url)
    const isMainFrame = paused.frameId === host.targetId
    const event = this.#event(url, isMainFrame)
    if (paused.redirectedRequestId !== undefined) {
      this.#contents.emit('will-redirect', event, url, false, isMainFrame)
      return !event.defaultPrevented
    }
    if (isMainFrame && url === this.#begun) return true
    this.#contents.emit('will-frame-navigate', event)
    if (isMainFrame && !event.defaultPrevented) this.#contents.emit('will-navigate', event, url)
    return !event.defaultPrevented
  }

  #event(url: string, isMainFrame: boolean): PreventableEvent {
    const frame = isMainFrame ? this.#mainFrame : null
    return preventable({ url, isMainFrame, isSameDocument: false, frame, initiator: frame })
  }
}
