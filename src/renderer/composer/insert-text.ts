/**
 * Types a text into a field for the user, in place of what is selected or of the last `replace` characters.
 * `execCommand` is what keeps the field's own undo; the page's handlers see it as typing.
 */
export function insertText(field: HTMLTextAreaElement | null, text: string, replace = 0): void {
  if (field === null) return
  field.focus()
  if (replace > 0) field.setSelectionRange(field.selectionStart - replace, field.selectionStart)
  document.execCommand('insertText', false, text)
}
