import { expect, test, vi } from 'vitest'
import { de } from '../../../../src/main/texts/de.ts'
import { en } from '../../../../src/main/texts/en.ts'

vi.mock('electron', () => ({ Menu: {} }))
const { textMenuTemplate } = await import('../../../../src/main/windows/text-menu.ts')

const editFlags = {
  canUndo: false,
  canRedo: false,
  canCut: true,
  canCopy: true,
  canPaste: true,
  canDelete: true,
  canSelectAll: true,
  canEditRichly: false,
}

test('a text field can be edited as far as its page says', () => {
  const template = textMenuTemplate({ isEditable: true, selectionText: 'Hi', editFlags }, de)
  expect(template.map(({ role, label, enabled }) => role && [role, label, enabled])).toEqual([
    ['undo', 'Rückgängig', false],
    ['redo', 'Wiederholen', false],
    undefined,
    ['cut', 'Ausschneiden', true],
    ['copy', 'Kopieren', true],
    ['paste', 'Einfügen', true],
    undefined,
    ['selectAll', 'Alles auswählen', true],
  ])
})

test('selected text can be copied', () => {
  const template = textMenuTemplate({ isEditable: false, selectionText: 'Hi', editFlags }, en)
  expect(template).toEqual([{ role: 'copy', label: 'Copy', enabled: true }])
})

test.each(['', ' \n'])('where nothing is selected (%j) there is no menu', (selectionText) => {
  expect(textMenuTemplate({ isEditable: false, selectionText, editFlags }, en)).toEqual([])
})
