import { join } from 'node:path'
import { app, clipboard, session, shell } from 'electron'
import { licences } from 'virtual:licences'
import type { Client } from '#core/client.ts'
import { DEFAULT_SETTINGS } from '#shared/default-settings.ts'
import { systemClock } from '#core/system-clock.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import type { AppStateView, SettingsView } from '#shared/views.ts'
import { aboutView, diagnosticsText } from './about.ts'
import { bindClient } from './client-binding.ts'
import { guardAgainstCrashes } from './crash-guard.ts'
import { cryptoLibrary } from './crypto-library.ts'
import { registerDeepLinks } from './deep-links.ts'
import { Desktop } from './desktop.ts'
import { allHandlers } from './ipc/all-handlers.ts'
import { serveCalls } from './ipc/electron-ipc.ts'
import { eventPublisher, type PublishEvent } from './ipc/publish-event.ts'
import { forkRelay } from './local-relay/fork-relay.ts'
import { LocalRelayFile } from './local-relay/local-relay-file.ts'
import { LocalRelay } from './local-relay/local-relay.ts'
import { FileLog } from './log.ts'
import { Notifications } from './notifications.ts'
import { PageMail } from './page-mail.ts'
import { onScreenLock, onWake } from './power.ts'
import { ProfileFiles, type AccountWish } from './profile-files.ts'
import type { ProfileFolder } from './profile-folder.ts'
import { ProfilePhase } from './profile-phase.ts'
import { RelayProbe } from './relay-probe.ts'
import { APP_ORIGIN, serveAppScheme } from './security/app-scheme.ts'
import { outsideUrl } from './security/outside-links.ts'
import { denyByDefault } from './security/permissions.ts'
import { ShellStateStore } from './shell-state.ts'
import { systemProxyUrl } from './system-proxy.ts'
import { MainWindow } from './windows/main-window.ts'

const RENDERER_ROOT = join(import.meta.dirname, '../renderer')
const CLOSE_TIMEOUT_MS = 5_000

/** The app around one profile: puts the window, the page's calls, the profile and the desktop together. */
export class Shell {
  readonly log: FileLog
  readonly #folder: ProfileFolder
  readonly #state: ShellStateStore
  readonly #window: MainWindow
  readonly #desktop: Desktop
  readonly #publish: PublishEvent
  readonly #mail: PageMail
  readonly #notifications: Notifications
  readonly #files: ProfileFiles
  readonly #localRelay: LocalRelay
  readonly #phase: ProfilePhase<Client, AccountWish, ErrorCode>
  #boundClient: Client | null = null
  #unbind: () => void = () => undefined

  constructor(folder: ProfileFolder) {
    this.#folder = folder
    this.log = new FileLog(folder.log)
    this.#state = ShellStateStore.load(folder.shellState)
    this.#window = new MainWindow({
      state: this.#state,
      log: this.log,
      title: folder.windowTitle,
      openOutside: (url) => this.#openOutside(url),
      texts: () => this.#desktop.texts(),
      protectedFromCapture: () => this.#settings().screenCaptureProtection,
      hidesOnClose: () => this.staysWithoutWindow(),
      onFocus: () => this.#dismissWatched(),
      onClosed: () => this.#mail.pageGone(),
    })
    this.#publish = eventPublisher(() => this.#window.targets(), this.log)
    this.#mail = new PageMail(this.#publish)
    this.#desktop = new Desktop({
      profile: folder.name,
      state: this.#state,
      window: this.#window,
      log: this.log,
      choose: (command) => {
        // Without an account there is nothing that could answer, now or later.
        if (this.#phase.client() !== null) this.#mail.chooseCommand(command)
      },
    })
    guardAgainstCrashes(this.log, () => this.#desktop.texts())
    this.#notifications = new Notifications({
      isLinux: process.platform === 'linux',
      open: (conversationId) => {
        this.#window.show()
        if (conversationId !== null) this.#mail.openConversation(conversationId)
      },
    })
    this.#files = new ProfileFiles(folder.root, this.log, systemProxyUrl)
    this.#localRelay = new LocalRelay({
      dataFolder: folder.localRelayData,
      file: new LocalRelayFile(folder.localRelayState),
      fork: forkRelay,
      log: this.log,
      onChange: (view) => {
        this.#publish('localRelay.changed', view)
        if (view.state === 'running') this.#phase.client()?.reconnectNow()
      },
    })
    this.#phase = new ProfilePhase(this.#files, {
      clock: systemClock,
      log: this.log,
      inviteLink: () => this.#mail.waitingLink(),
      onChange: (state, before) => this.#phaseChanged(state, before),
    })
  }

  /** Shows the window at once, then opens the profile. Called when Electron is ready. */
  async start(options: { readonly background: boolean }): Promise<void> {
    this.log.info('started', { version: app.getVersion(), packaged: app.isPackaged })
    denyByDefault(session.defaultSession, APP_ORIGIN)
    serveAppScheme(session.defaultSession, RENDERER_ROOT)
    this.#serveCalls()
    this.#desktop.setUp()
    registerDeepLinks()
    onWake(() => {
      const client = this.#phase.client()
      if (client !== null && !client.isClosed()) client.renewConnections()
    })
    onScreenLock((locked) => {
      this.#window.setScreenLocked(locked)
      this.#publish('screen.lockChanged', { locked })
      this.#dismissWatched()
    })
    if (!options.background) this.#window.show()
    await Promise.all([
      this.#addTray(options.background),
      this.#localRelay.resume(),
      this.#phase.open(),
    ])
  }

  /** The app was started again, or its icon was clicked: its window comes to the front. */
  show(): void {
    this.#window.show()
  }

  /** A `sotto://` link was opened: the page takes it as soon as it can. */
  openLink(link: string): void {
    this.#mail.openLink(link)
    this.#phase.refresh()
  }

  /** Whether closing the window leaves the app in the tray. */
  staysWithoutWindow(): boolean {
    return this.#desktop.hasTray() && this.#settings().closeToTray
  }

  /** From now on, closing the window closes it. */
  prepareToQuit(): void {
    this.#window.prepareToQuit()
  }

  /** Closes the profile and writes what is still to be written; gives up on what hangs. */
  async close(): Promise<void> {
    this.#phase.stop()
    this.#unbind()
    const closing = this.#phase.client()?.close()
    const timeout = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())
    await Promise.race([closing, timeout]).catch((cause: unknown) =>
      this.log.error('close-failed', cause),
    )
    await this.#localRelay.close()
    this.#files.release()
    await this.#state.flush()
    this.log.info('ended')
    await this.log.flush()
  }

  #serveCalls(): void {
    const handlers = allHandlers({
      phase: this.#phase,
      localRelay: this.#localRelay,
      probe: new RelayProbe({
        makeRelay: () => this.#files.makeRelay(),
        nowMs: () => systemClock.nowMs(),
      }),
      closedSettings: () => this.#settings(),
      deleteAccount: (client, address) => this.#deleteAccount(client, address),
      openOutside: (url) => this.#openOutside(url),
      writeClipboard: async (text) => clipboard.writeText(text),
      about: () => aboutView(this.#folder, licences),
      diagnostics: () => this.#diagnostics(),
      conversationShown: (conversationId) => {
        this.#window.setOpenConversation(conversationId)
        this.#dismissWatched()
      },
      pageReady: () => {
        this.#publish('screen.lockChanged', { locked: this.#window.isScreenLocked() })
        this.#mail.pageReady()
      },
    })
    const isOurWindow = (id: number): boolean => this.#window.isOurs(id)
    serveCalls({ handlers, isOurWindow, log: this.log })
  }

  async #addTray(background: boolean): Promise<void> {
    await this.#desktop.addTray()
    // Without a tray, an app in the background could not be reached.
    if (background && !this.#desktop.hasTray()) this.#window.show()
  }

  #phaseChanged(state: AppStateView, before: AppStateView): void {
    this.log.info(`phase ${state.phase}`, 'code' in state ? { code: state.code } : {})
    const client = this.#phase.client()
    if (client !== this.#boundClient) {
      this.#unbind()
      this.#boundClient = client
      this.#unbind = client === null ? () => undefined : this.#bind(client)
    }
    if (state.phase !== 'ready') this.#mail.pageGone()
    else if (before.phase === 'first-run') this.#mail.forgetLink()
    this.#publish('app.stateChanged', state)
  }

  #bind(client: Client): () => void {
    const unbind = bindClient(client, {
      publish: this.#publish,
      notifications: this.#notifications,
      texts: () => this.#desktop.texts(),
      watched: () => this.#window.watchedConversation(),
      clock: systemClock,
      accountChanged: () => this.#phase.refresh(),
      applySettings: this.#desktop.applySettings,
      showUnread: (count) => this.#desktop.showUnread(count),
    })
    client.start()
    return unbind
  }

  async #deleteAccount(client: Client, address: string): Promise<Result<void, Failure>> {
    const deleted = await client.deleteAccount(address)
    if (deleted.ok) await this.#files.forget()
    if (client.isClosed()) await this.#phase.leave()
    return deleted
  }

  #settings(): SettingsView {
    const client = this.#phase.client()
    if (client !== null && !client.isClosed()) return client.settings()
    const { theme, language } = this.#state.get()
    return { ...DEFAULT_SETTINGS, theme, language }
  }

  #openOutside(text: string): boolean {
    const url = outsideUrl(text)
    if (url === null) return false
    shell.openExternal(url).catch((cause: unknown) => this.log.error('open-outside-failed', cause))
    return true
  }

  #dismissWatched(): void {
    const watched = this.#window.watchedConversation()
    if (watched !== null) this.#notifications.dismiss(watched)
  }

  #diagnostics(): string {
    const client = this.#phase.client()
    const connection = client?.connection()
    const facts = {
      Cryptography: cryptoLibrary(),
      Phase: this.#phase.state().phase,
      Connection: [connection?.state, connection?.transport, connection?.code].join(' ').trim(),
      Waiting: connection?.waitingCount ?? 0,
      Conversations: client?.listConversations().length ?? 0,
      Tray: this.#desktop.hasTray(),
    }
    return diagnosticsText(aboutView(this.#folder, []), facts, this.log.recentProblems())
  }
}
