/** What the isolated world of a page tells the stand-in. Arguments are texts of the codec. */
export type FromPage =
  | { readonly type: 'send'; readonly channel: string; readonly args: string }
  | {
      readonly type: 'invoke'
      readonly channel: string
      readonly args: string
      readonly id: number
    }
  | { readonly type: 'focus' }
  | { readonly type: 'blur' }
  | { readonly type: 'resize' }
  | { readonly type: 'copied'; readonly text: string }
  | { readonly type: 'accelerator'; readonly index: number }
  | {
      readonly type: 'context-menu'
      readonly x: number
      readonly y: number
      readonly selectionText: string
      readonly isEditable: boolean
      readonly linkURL: string
      readonly menuSourceType: 'mouse' | 'keyboard'
      readonly editFlags: {
        readonly canUndo: boolean
        readonly canRedo: boolean
        readonly canCut: boolean
        readonly canCopy: boolean
        readonly canPaste: boolean
        readonly canSelectAll: boolean
      }
    }

/** One accelerator of the application menu, as the page's key events show it. */
export interface Accelerator {
  /** `KeyboardEvent.key`, letters in lower case. */
  readonly key: string
  readonly ctrl: boolean
  readonly alt: boolean
  readonly shift: boolean
  readonly meta: boolean
}

/** What the stand-in calls in the isolated world, as `globalThis.__standin`. */
export interface PageHooks {
  deliver(channel: string, args: string): void
  settle(id: number, outcome: { readonly value: string } | { readonly error: string }): void
  setAccelerators(accelerators: readonly Accelerator[]): void
  /** Puts text on the clipboard of this Chromium. */
  copy(text: string): void
}
