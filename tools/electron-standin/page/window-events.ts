import type { Accelerator, FromPage, PageHooks } from './messages.ts'

/**
 * Reports what Electron's native window would notice itself: focus, size, copying, the context menu and the
 * application menu's accelerators. The function refers to nothing outside itself: its source runs in the page's
 * isolated world.
 */
export function watchWindow(
  post: (message: FromPage) => void,
): Pick<PageHooks, 'setAccelerators' | 'copy'> {
  let accelerators: readonly Accelerator[] = []
  let isCopying = false

  addEventListener('focus', () => post({ type: 'focus' }))
  addEventListener('blur', () => post({ type: 'blur' }))
  addEventListener('resize', () => post({ type: 'resize' }))
  for (const name of ['copy', 'cut'] as const) {
    addEventListener(name, (event) => {
      if (isCopying) return
      const text = event.clipboardData?.getData('text/plain') ?? ''
      post({ type: 'copied', text: text === '' ? String(getSelection() ?? '') : text })
    })
  }
  addEventListener('contextmenu', (event) => {
    if (event.defaultPrevented) return
    const target = event.target instanceof HTMLElement ? event.target : null
    const isEditable =
      target !== null && (target.isContentEditable || target.matches('input, textarea') === true)
    const can = (command: string): boolean => document.queryCommandEnabled(command)
    post({
      type: 'context-menu',
      x: event.clientX,
      y: event.clientY,
      selectionText: String(getSelection() ?? ''),
      isEditable,
      linkURL: target?.closest('a')?.href ?? '',
      // Chromium reports no button where a key asked for the menu.
      menuSourceType: event.button === 2 ? 'mouse' : 'keyboard',
      editFlags: {
        canUndo: isEditable && can('undo'),
        canRedo: isEditable && can('redo'),
        canCut: isEditable && can('cut'),
        canCopy: can('copy'),
        canPaste: isEditable,
        canSelectAll: can('selectAll'),
      },
    })
  })
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented) return
    const index = accelerators.findIndex(
      ({ key, ctrl, alt, shift, meta }) =>
        key === event.key.toLowerCase() &&
        ctrl === event.ctrlKey &&
        alt === event.altKey &&
        shift === event.shiftKey &&
        meta === event.metaKey,
    )
    if (index === -1) return
    event.preventDefault()
    post({ type: 'accelerator', index })
  })

  return {
    setAccelerators(next) {
      accelerators = next
    },
    copy(text) {
      const onCopy = (event: ClipboardEvent): void => {
        event.clipboardData?.setData('text/plain', text)
        event.preventDefault()
        event.stopImmediatePropagation()
      }
      isCopying = true
      addEventListener('copy', onCopy, { capture: true, once: true })
      document.execCommand('copy')
      removeEventListener('copy', onCopy, { capture: true })
      isCopying = false
    },
  }
}
