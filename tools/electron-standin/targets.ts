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

/** Opens pages in one Chromium, and tells its windows what becomes of them. */
export class Targets {
  readonly #chromium: Chromium
  readonly #expected = new Map<string, (page: HeldPage) => void>()
  readonly #listeners = new Map<string, TargetListener>()
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
    // Attaching tells no more of a page than its address: a mark in it tells ours from pop-ups.
    const mark = `#standin-${String(++this.#lastNumber)}`
    const held = new Promise<HeldPage>((resolve) => this.#expected.set(mark, resolve))
    if (this.#chromium.visible) {
      this.#chromium.openAppWindow(
        `data:text/html,<meta name=color-scheme content="light dark">${mark}`,
      )
    } else {
      const url = `about:blank${mark}`
      await this.#chromium.cdp.root.send('Target.createTarget', {
        url,
        newWindow: true,
        width,
        height,
      })
    }
    const page = await held
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
    const session = this.#chromium.cdp.session(sessionId)
    const page = { targetId: targetInfo.targetId, session }
    const mark = targetInfo.url.slice(Math.max(0, targetInfo.url.indexOf('#standin-')))
    const expected = this.#expected.get(mark)
    if (expected !== undefined) {
      this.#expected.delete(mark)
      expected(page)
      return
    }
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
