/** Whether the modifier of shortcuts is Command, as on Apple's systems, rather than Control. */
export const isMac = /^(Mac|iPhone|iPad)/.test(navigator.platform)
