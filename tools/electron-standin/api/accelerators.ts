import type { Accelerator } from '../page/messages.ts'

const KEYS: Readonly<Record<string, string>> = {
  plus: '+',
  space: ' ',
  tab: 'tab',
  esc: 'escape',
  return: 'enter',
  up: 'arrowup',
  down: 'arrowdown',
  left: 'arrowleft',
  right: 'arrowright',
}

const MODIFIERS: Readonly<Record<string, keyof Omit<Accelerator, 'key'>>> = {
  ctrl: 'ctrl',
  control: 'ctrl',
  alt: 'alt',
  option: 'alt',
  shift: 'shift',
  super: 'meta',
  meta: 'meta',
  cmd: 'meta',
  command: 'meta',
}

/**
 * Reads an accelerator such as `CmdOrCtrl+Shift+K`.
 * @throws RangeError for a text without exactly one key.
 */
export function parseAccelerator(text: string, platform: NodeJS.Platform): Accelerator {
  const parsed = { key: '', ctrl: false, alt: false, shift: false, meta: false }
  for (const part of text.toLowerCase().split(/\+(?!$)/)) {
    const modifier =
      part === 'cmdorctrl' || part === 'commandorcontrol'
        ? platform === 'darwin'
          ? 'meta'
          : 'ctrl'
        : MODIFIERS[part]
    if (modifier !== undefined) parsed[modifier] = true
    else if (parsed.key === '') parsed.key = KEYS[part] ?? part
    else throw new RangeError(`not an accelerator: ${text}`)
  }
  if (parsed.key === '' || /.\+/.test(parsed.key))
    throw new RangeError(`not an accelerator: ${text}`)
  return parsed
}
