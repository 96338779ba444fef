import type { MenuCommand } from '#ipc/contract.ts'
import type { PublishEvent } from './ipc/publish-event.ts'

/**
 * What the user asked for outside of the page (a link, a conversation, a command of the menu), kept until the page can
 * take it: a page that still loads has no ears yet.
 */
export class PageMail {
  readonly #publish: PublishEvent
  #isPageReady = false
  #link: string | null = null
  #conversationId: number | null = null
  #command: MenuCommand | null = null

  constructor(publish: PublishEvent) {
    this.#publish = publish
  }

  /** The page shows its conversations and listens. */
  pageReady(): void {
    this.#isPageReady = true
    this.#deliver()
  }

  /** There is no page, or one without an account. */
  pageGone(): void {
    this.#isPageReady = false
  }

  /** A page of the first run is told at once as well, in case it is there already. */
  openLink(link: string): void {
    this.#link = link
    if (this.#isPageReady) this.#deliver()
    else this.#publish('link.opened', { link })
  }

  /** The first run has made use of the link. */
  forgetLink(): void {
    this.#link = null
  }

  openConversation(conversationId: number): void {
    this.#conversationId = conversationId
    this.#deliver()
  }

  /** With its window closed (macOS), the menu is still there. */
  chooseCommand(command: MenuCommand): void {
    this.#command = command
    this.#deliver()
  }

  /** The link that waits; during the first run it is shown there. */
  waitingLink(): string | null {
    return this.#link
  }

  #deliver(): void {
    if (!this.#isPageReady) return
    const link = this.#link
    const conversationId = this.#conversationId
    const command = this.#command
    this.#link = null
    this.#conversationId = null
    this.#command = null
    if (conversationId !== null) this.#publish('conversation.requested', { conversationId })
    if (link !== null) this.#publish('link.opened', { link })
    if (command !== null) this.#publish('menu.chosen', { command })
  }
}
