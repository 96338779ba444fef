import {
  Menu,
  type BrowserWindow,
  type ContextMenuParams,
  type MenuItemConstructorOptions,
} from 'electron'
import type { ShellTexts } from '../texts/shell-texts.ts'

/** Offers editing in text fields, and copying of selected text, by the context menu: Electron has none of its own. */
export function offerTextMenu(window: BrowserWindow, texts: () => ShellTexts): void {
  window.webContents.on('context-menu', (_event, params) => {
    const template = textMenuTemplate(params, texts())
    if (template.length === 0) return
    const { frame, menuSourceType, x, y } = params
    Menu.buildFromTemplate(template).popup({
      window,
      sourceType: menuSourceType,
      ...(frame !== null && { frame }),
      // Where no pointer asked for it, it opens at the text.
      ...(menuSourceType === 'keyboard' && { x, y }),
    })
  })
}

/** The items for where the menu was asked for; none where there is no text. */
export function textMenuTemplate(
  {
    isEditable,
    selectionText,
    editFlags,
  }: Pick<ContextMenuParams, 'isEditable' | 'selectionText' | 'editFlags'>,
  texts: ShellTexts,
): MenuItemConstructorOptions[] {
  const copy = { role: 'copy', label: texts.copy, enabled: editFlags.canCopy } as const
  if (!isEditable) return selectionText.trim() === '' ? [] : [copy]
  return [
    { role: 'undo', label: texts.undo, enabled: editFlags.canUndo },
    { role: 'redo', label: texts.redo, enabled: editFlags.canRedo },
    { type: 'separator' },
    { role: 'cut', label: texts.cut, enabled: editFlags.canCut },
    copy,
    { role: 'paste', label: texts.paste, enabled: editFlags.canPaste },
    { type: 'separator' },
    { role: 'selectAll', label: texts.selectAll, enabled: editFlags.canSelectAll },
  ]
}
