import { EventEmitter } from 'node:events'
import { loudClass } from '../loud.ts'

type Source = 'system' | 'light' | 'dark'

/** `nativeTheme`: its source sets the pages' `prefers-color-scheme`. The system counts as light. */
class NativeTheme extends EventEmitter {
  readonly shouldUseHighContrastColors = false
  readonly shouldUseInvertedColorScheme = false
  readonly inForcedColorsMode = false
  readonly prefersReducedTransparency = false
  readonly shouldDifferentiateWithoutColor = false
  #source: Source = 'system'

  get themeSource(): Source {
    return this.#source
  }
  set themeSource(source: Source) {
    if (!['system', 'light', 'dark'].includes(source)) {
      throw new TypeError(`not a theme source: ${String(source)}`)
    }
    if (source === this.#source) return
    this.#source = source
    this.emit('updated')
  }
  get shouldUseDarkColors(): boolean {
    return this.#source === 'dark'
  }
  get shouldUseDarkColorsForSystemIntegratedUI(): boolean {
    return this.#source === 'dark'
  }
}
loudClass('nativeTheme', NativeTheme)

export const nativeTheme = new NativeTheme()

/** What pages are told; an empty value leaves Chromium's own. */
export function mediaFeatures(): { name: string; value: string }[] {
  const { themeSource } = nativeTheme
  return [{ name: 'prefers-color-scheme', value: themeSource === 'system' ? '' : themeSource }]
}
