import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { WebPreferences } from 'electron'
import { fromChromium, originOf, schemeOf, toChromium } from '../addresses.ts'
import type { CdpSession, Protocol as Cdp } from '../cdp.ts'
import { codec } from '../codec.ts'
import { preventable } from '../events.ts'
import { requireTargets } from '../host.ts'
import { loudClass } from '../loud.ts'
import { PageHost } from '../page-host.ts'
import type { Accelerator, FromPage } from '../page/messages.ts'
import { applyPermissions } from '../permissions.ts'
import { answerRequest } from '../requests.ts'
import { runtime } from '../runtime.ts'
import type { HeldPage } from '../targets.ts'
import { ContentsCommands } from './contents-commands.ts'
import { copied } from './copied.ts'
import { dispatchIpc } from './ipc-main.ts'
import { Navigation } from './navigation.ts'
import { nativeImage, type NativeImage } from './native-image.ts'
import { mediaFeatures, nativeTheme } from './native-theme.ts'
import { session as sessions, type Session } from './session.ts'
import { WebFrameMain } from './web-frame-main.ts'

type OpenHandler = (details: {
  readonly url: string
  readonly frameName: string
  readonly features: string
  readonly disposition: string
}) => { readonly action: 'allow' | 'deny' }

let lastId = 0

/** What a window tells its contents, and hears from it. */
export interface WindowSide {
  readonly window: object
  readonly size: () => { readonly width: number; readonly height: number }
  close(): void
}

/** `webContents`: the page of one window. */
export class WebContents extends ContentsCommands {
  readonly id = ++lastId
  readonly session: Session
  readonly mainFrame: WebFrameMain
  readonly hostWebContents = null
  #side: WindowSide
  #host: PageHost
  readonly #navigation: Navigation
  #title = ''
  #isCrashed = false
  #isDestroyed = false
  #openHandler: OpenHandler | undefined
  #answers: ('allow' | 'deny')[] = []
  #accelerators: { readonly keys: readonly Accelerator[]; press(index: number): void } | undefined

  constructor(side: WindowSide, preferences: WebPreferences) {
    super()
    this.#side = side
    this.session =
      (preferences.session as Session | undefined) ??
      sessions.fromPartition(preferences.partition ?? '')
    this.mainFrame = new WebFrameMain(this)
    this.#navigation = new Navigation(this, this.mainFrame)
    if (preferences.zoomFactor !== undefined) this.zoom = preferences.zoomFactor
    this.#host = new PageHost(
      requireTargets(),
      preferences.preload,
      side.size(),
      (request, host) => this.#onRequest(request, host),
      (page) => this.#prepare(page),
    )
    this.#host.on('message', (message, context) => this.#onMessage(message, context))
    this.#host.on('document', () => {
      void this.#host.callHook('setAccelerators', [this.#accelerators?.keys ?? []])
    })
    this.#host.on('title', (title) => this.#onTitle(title))
    this.#host.on('opened', (page) => this.#onOpened(page))
    this.#host.on('destroyed', () => side.close())
    nativeTheme.on('updated', this.#onTheme)
    all.add(this)
  }

  // What the page reports

  async #prepare(page: CdpSession): Promise<void> {
    this.#navigation.watch(page, this.#host)
    page.on('Page.windowOpen', ({ url, windowName, windowFeatures }) => {
      const details = {
        url: fromChromium(url),
        frameName: windowName,
        features: windowFeatures.join(),
        disposition: 'foreground-tab',
      }
      this.#answers.push(this.#openHandler?.(details).action ?? 'allow')
    })
    page.on('Page.javascriptDialogOpening', () => {
      // No one is here to answer alert() and confirm(): the page must not wait for ever.
      void page.send('Page.handleJavaScriptDialog', { accept: false }).catch(() => undefined)
    })
    page.on('Inspector.targetCrashed', () => this.#crashed())
    page.on('Runtime.consoleAPICalled', ({ type, args }) => {
      const message = args.map((arg) => String(arg.value ?? arg.description ?? '')).join(' ')
      this.emit('console-message', { level: type === 'error' ? 'error' : 'info', message })
    })
    await page.send('Inspector.enable')
    await this.#applyTheme(page)
    await this.#applySize(page)
  }

  #onMessage(message: FromPage, context: number): void {
    switch (message.type) {
      case 'send':
        dispatchIpc(this, message.channel, codec.decode(message.args) as unknown[])
        return
      case 'invoke': {
        const args = codec.decode(message.args) as unknown[]
        const settle = (outcome: { value: string } | { error: string }): void => {
          void this.#host.callHook('settle', [message.id, outcome], context)
        }
        dispatchIpc(this, message.channel, args, settle)
        return
      }
      case 'accelerator':
        this.#accelerators?.press(message.index)
        return
      case 'copied':
        copied.text = message.text
        return
      case 'context-menu': {
        const { type: _, ...params } = message
        this.emit('context-menu', preventable({}), { ...params, frame: this.mainFrame })
        return
      }
      default:
        this.emit(`standin-${message.type}`)
    }
  }

  #onTitle(title: string): void {
    if (title === this.#title || this.#navigation.url === '') return
    this.#title = title
    this.emit('page-title-updated', preventable({}), title, true)
  }

  #onOpened(page: HeldPage): void {
    const action = this.#answers.shift() ?? 'deny'
    if (action === 'allow') console.error('stand-in: a page cannot open windows: denied')
    void requireTargets().refuse(page)
  }

  #crashed(): void {
    this.#isCrashed = true
    this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 })
  }

  // Requests and navigation

  async #onRequest(paused: Cdp.Events['Fetch.requestPaused'], host: PageHost): Promise<void> {
    const page = await host.session()
    if (paused.resourceType === 'Document' && !this.#navigation.allows(paused, host)) {
      await page.send('Fetch.failRequest', {
        requestId: paused.requestId,
        errorReason: 'Aborted',
      })
      return
    }
    await answerRequest(page, this.session, paused)
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.#host.session()
    const isHandled = (scheme: string): boolean =>
      this.session.protocol.isProtocolHandled(scheme.toLowerCase())
    const target = toChromium(new URL(url).href, isHandled)
    if (target.startsWith('http')) {
      const origin = originOf(url)
      await applyPermissions(requireTargets().root, this.session, this, {
        url,
        origin,
        chromiumOrigin: new URL(target).origin,
      })
    }
    this.#navigation.begin(fromChromium(target))
    const loaded = new Promise<void>((settle) => page.once('Page.loadEventFired', () => settle()))
    const { errorText } = await page.send('Page.navigate', { url: target })
    if (errorText !== undefined) {
      this.emit('did-fail-load', {}, -2, errorText, url, true)
      throw new Error(`${errorText} loading '${url}'`)
    }
    if (schemeOf(target) !== 'about') await loaded
  }

  loadFile(path: string): Promise<void> {
    return this.loadURL(pathToFileURL(resolve(runtime().appPath, path)).href)
  }

  reload(): void {
    this.#isCrashed = false
    this.#navigation.begin(this.#navigation.url)
    void this.command((page) => page.send('Page.reload'))
  }

  reloadIgnoringCache(): void {
    this.reload()
  }

  stop(): void {
    void this.command((page) => page.send('Page.stopLoading'))
  }

  getURL(): string {
    return this.#navigation.url
  }

  getTitle(): string {
    return this.#title
  }

  getType(): string {
    return 'window'
  }

  isLoading(): boolean {
    return this.#navigation.isLoading
  }

  isLoadingMainFrame(): boolean {
    return this.#navigation.isLoading
  }

  isCrashed(): boolean {
    return this.#isCrashed
  }

  isDestroyed(): boolean {
    return this.#isDestroyed
  }

  // Messages, scripts, windows

  send(channel: string, ...args: unknown[]): void {
    if (this.#isDestroyed) throw new TypeError('Object has been destroyed')
    void this.#host.callHook('deliver', [channel, codec.encode(args)])
  }

  executeJavaScript(code: string): Promise<unknown> {
    return this.#host.evaluate(code)
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler
  }

  getOwnerBrowserWindow(): object {
    return this.#side.window
  }

  focus(): void {
    void this.command((page) => page.send('Page.bringToFront'))
  }

  isFocused(): boolean {
    const { window } = this.#side as { window: { isFocused?: () => boolean } }
    return window.isFocused?.() ?? false
  }

  close(): void {
    this.#side.close()
  }

  async capturePage(): Promise<NativeImage> {
    const page = await this.#host.session()
    const { data } = await page.send('Page.captureScreenshot', { format: 'png' })
    return nativeImage.createFromBuffer(Buffer.from(data, 'base64'))
  }

  forcefullyCrashRenderer(): void {
    void this.command((page) => page.send('Page.crash'))
  }

  getOSProcessId(): number {
    return process.pid
  }

  getUserAgent(): string {
    return `Chrome/${process.versions['chrome'] ?? ''} Electron/${process.versions['electron'] ?? ''}`
  }

  // Theme and size

  readonly #onTheme = (): void => {
    void this.command((page) => this.#applyTheme(page))
  }

  async #applyTheme(page: CdpSession): Promise<void> {
    await page.send('Emulation.setEmulatedMedia', { features: mediaFeatures() })
  }

  async #applySize(page: CdpSession): Promise<void> {
    const { width, height } = this.#side.size()
    if (requireTargets().isVisible) return
    // Zoom as browsers do it: fewer, larger CSS pixels in the same window.
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: Math.round(width / this.zoom),
      height: Math.round(height / this.zoom),
      deviceScaleFactor: this.zoom,
      mobile: false,
    })
  }

  // The window's side

  /** The stand-in's own: the window's size or zoom changed. */
  override resized(): void {
    void this.command(async (page) => {
      await this.#applySize(page)
      if (requireTargets().isVisible) {
        await this.#host.evaluate(
          `void (document.documentElement.style.zoom = ${String(this.zoom)})`,
        )
      }
    })
  }

  /** The stand-in's own: keys that press items of the application menu. */
  setAccelerators(keys: readonly Accelerator[], press: (index: number) => void): void {
    this.#accelerators = { keys, press }
    void this.#host.callHook('setAccelerators', [keys])
  }

  /** The stand-in's own: the page behind these contents. */
  get host(): PageHost {
    return this.#host
  }

  /** The stand-in's own: the window has gone. */
  destroyed(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    all.delete(this)
    nativeTheme.off('updated', this.#onTheme)
    void this.#host.close()
    this.emit('destroyed')
  }

  protected override async command(run: (page: CdpSession) => Promise<unknown>): Promise<void> {
    if (this.#isDestroyed) return
    try {
      await run(await this.#host.session())
    } catch (error) {
      if (!this.#isDestroyed) console.error('stand-in:', error)
    }
  }
}
loudClass('webContents', WebContents)

const all = new Set<WebContents>()

export const webContents = {
  getAllWebContents: (): WebContents[] => [...all],
  getFocusedWebContents: (): WebContents | null =>
    [...all].find((contents) => contents.isFocused()) ?? null,
  fromId: (id: number): WebContents | undefined => [...all].find((contents) => contents.id === id),
  fromDevToolsTargetId: (targetId: string): WebContents | undefined =>
    [...all].find(({ host }) => host.targetId === targetId),
}
