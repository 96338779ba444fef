import type { Chromium } from './chromium.ts'
import type { CdpSession, Protocol } from './cdp.ts'

type TargetInfo = Protocol.Target.TargetInfo

/** A page that is attached and still held before its first script. */
export interface HeldPage {
  readonly targetId: string
  readonly session: CdpSession
}

interface TargetListener {
  onTitle(title: string): void
  onDestroyed(): void
  /** A page that this one opened, held. */
  onOpened(page: HeldPage): void
}

const EMPTY_PAGE = 'data:text/html,<meta name=color-scheme content="light dark">'

/** Opens pages in one Chromium, and tells its windows what becomes of them. */
export class Targets {
  readonly #chromium: Chromium
  readonly #expected = new Map<string, (page: HeldPage) => void>()
  readonly #listeners = new Map<string, TargetListener>()
  #creation: Promise<void> = Promise.resolve()
  #lastNumber = 0

  private constructor(chromium: Chromium) {
    this.#chromium = chromium
  }

  static async watch(chromium: Chromium): Promise<Targets> {
    const targets = new Targets(chromium)
    const { root } = chromium.cdp
    root.on('Target.attachedToTarget', (event) => targets.#attached(event))
    root.on('Target.targetInfoChanged', ({ targetInfo }) => {
      targets.#listeners.get(targetInfo.targetId)?.onTitle(targetInfo.title)
    })
    root.on('Target.targetDestroyed', ({ targetId }) => {
      const listener = targets.#listeners.get(targetId)
      targets.#listeners.delete(targetId)
      listener?.onDestroyed()
    })
    await root.send('Target.setDiscoverTargets', { discover: true })
    await root.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: true,
      flatten: true,
      filter: [{ type: 'page' }],
    })
    return targets
  }

  get isVisible(): boolean {
    return this.#chromium.visible
  }

  /** Opens an empty page in a window of its own. */
  async open(width: number, height: number, listener: TargetListener): Promise<HeldPage> {
    const held = Promise.withResolvers<HeldPage>()
    if (this.#chromium.visible) {
      // No command opens such a window, so none tells its target: a mark in its address does.
      const mark = `#standin-${String(++this.#lastNumber)}`
      this.#expected.set(mark, held.resolve)
      this.#chromium.openAppWindow(EMPTY_PAGE + mark)
    } else {
      const options = { url: 'about:blank', newWindow: true, width, height }
      const creation = this.#creation.then(() => this.root.send('Target.createTarget', options))
      this.#creation = creation.then(
        ({ targetId }) => void this.#expected.set(targetId, held.resolve),
        held.reject,
      )
    }
    const page = await held.promise
    this.#listeners.set(page.targetId, listener)
    return page
  }

  async close(targetId: string): Promise<void> {
    await this.#chromium.cdp.root.send('Target.closeTarget', { targetId })
  }

  /** Browser-wide commands. */
  get root(): CdpSession {
    return this.#chromium.cdp.root
  }

  #attached({ sessionId, targetInfo }: Protocol.Events['Target.attachedToTarget']): void {
    const { targetId, url } = targetInfo
    const page = { targetId, session: this.#chromium.cdp.session(sessionId) }
    const mark = url.slice(Math.max(0, url.indexOf('#standin-')))
    // Pages attach before the command that opens them is answered.
    void this.#creation.then(() => {
      const key = this.#expected.has(targetId) ? targetId : mark
      const expected = this.#expected.get(key)
      this.#expected.delete(key)
      if (expected !== undefined) expected(page)
      else this.#openedByPage(page, targetInfo)
    })
  }

  #openedByPage(page: HeldPage, targetInfo: TargetInfo): void {
    const opener = this.#openerOf(targetInfo)
    if (opener === undefined) void this.refuse(page)
    else opener.onOpened(page)
  }

  #openerOf({ openerId }: TargetInfo): TargetListener | undefined {
    return openerId === undefined ? undefined : this.#listeners.get(openerId)
  }

  /** Closes a pop-up. It shares its opener's renderer: closed while still held, it would hang the opener. */
  async refuse({ targetId, session }: HeldPage): Promise<void> {
    try {
      await session.send('Runtime.runIfWaitingForDebugger')
      await this.close(targetId)
    } catch {
      // It has closed by itself.
    }
  }
}
