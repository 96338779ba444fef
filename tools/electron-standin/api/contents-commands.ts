import { EventEmitter } from 'node:events'
import type { CdpSession } from '../cdp.ts'

const ZOOM_BASE = 1.2

/** The part of `webContents` that only passes commands on: editing, zoom, sound, developer tools. */
export abstract class ContentsCommands extends EventEmitter {
  protected zoom = 1
  #isMuted = false

  /** Runs commands of the debugging protocol, unless the page is gone. */
  protected abstract command(run: (page: CdpSession) => Promise<unknown>): Promise<void>
  /** The stand-in's own: the window's size or zoom changed. */
  abstract resized(): void

  // Editing commands, as the roles of menu items

  undo(): void {
    this.#edit('undo')
  }
  redo(): void {
    this.#edit('redo')
  }
  cut(): void {
    this.#edit('cut')
  }
  copy(): void {
    this.#edit('copy')
  }
  paste(): void {
    this.#edit('paste')
  }
  delete(): void {
    this.#edit('delete')
  }
  selectAll(): void {
    this.#edit('selectAll')
  }

  #edit(command: string): void {
    // A key event without a key carries an editing command.
    void this.command((page) =>
      page.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', commands: [command] }),
    )
  }

  // Zoom, size, theme, sound

  setZoomFactor(factor: number): void {
    if (!(factor > 0)) throw new Error("'zoomFactor' must be a double greater than 0.0")
    this.zoom = factor
    this.resized()
  }
  getZoomFactor(): number {
    return this.zoom
  }
  get zoomFactor(): number {
    return this.zoom
  }
  set zoomFactor(factor: number) {
    this.setZoomFactor(factor)
  }
  setZoomLevel(level: number): void {
    this.setZoomFactor(ZOOM_BASE ** level)
  }
  getZoomLevel(): number {
    return Math.log(this.zoom) / Math.log(ZOOM_BASE)
  }
  get zoomLevel(): number {
    return this.getZoomLevel()
  }
  set zoomLevel(level: number) {
    this.setZoomLevel(level)
  }
  async setVisualZoomLevelLimits(_minimum: number, _maximum: number): Promise<void> {
    // Pinching is off in Chromium without touch.
  }
  setAudioMuted(muted: boolean): void {
    this.#isMuted = muted
  }
  isAudioMuted(): boolean {
    return this.#isMuted
  }
  setBackgroundThrottling(_allowed: boolean): void {
    // The pages here always count as being in front.
  }

  // Developer tools: Chromium's own window has none that this process could open

  openDevTools(): void {
    console.error('stand-in: there are no developer tools; use the DevTools address printed above')
  }
  closeDevTools(): void {
    // They are never open.
  }
  toggleDevTools(): void {
    this.openDevTools()
  }
  isDevToolsOpened(): boolean {
    return false
  }
}
