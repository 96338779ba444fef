const MAC_LABELS: Readonly<Record<string, string>> = {
  Mod: '⌘',
  Ctrl: '⌃',
  Alt: '⌥',
  Shift: '⇧',
  Enter: '⏎',
}

const ARROWS: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
}

/** Whether this is a Mac, where ⌘ takes the place of Ctrl. */
export function isMac(): boolean {
  return navigator.userAgent.includes('Mac OS X')
}

/** The keys of a shortcut (`Mod+Shift+A`) as this platform names them, one by one. */
export function keyLabels(keys: string): readonly string[] {
  const mac = isMac()
  return keys
    .split('+')
    .map(
      (key) => ARROWS[key] ?? (mac ? MAC_LABELS[key] : undefined) ?? (key === 'Mod' ? 'Ctrl' : key),
    )
}
