import { type KeyboardEvent, type RefObject, useCallback, useRef, useState } from 'react'
import { loadShortcodes, type Shortcode } from './emoji-data.ts'
import { insertText } from './insert-text.ts'
import { openShortcode, suggest } from './shortcode-search.ts'

const NONE: readonly Shortcode[] = []

interface Shortcodes {
  readonly open: boolean
  readonly suggestions: readonly Shortcode[]
  readonly highlighted: number
  /** Looks at what stands before the caret. */
  readonly look: () => void
  readonly close: () => void
  readonly pick: (suggestion: Shortcode) => void
  /** Returns whether the key was for the list. */
  readonly onKeyDown: (event: KeyboardEvent) => boolean
}

/** Completes `:shortcodes:` in a text field: a list while typing, the emoji itself at the closing colon. */
export function useShortcodes(field: RefObject<HTMLTextAreaElement | null>): Shortcodes {
  const [suggestions, setSuggestions] = useState(NONE)
  const [highlighted, setHighlighted] = useState(0)
  // A list that Escape closed stays closed until another word is begun.
  const dismissed = useRef(-1)
  const close = useCallback(() => setSuggestions(NONE), [])

  const place = useCallback(() => {
    const input = field.current
    if (input === null || input.selectionStart !== input.selectionEnd) return null
    return openShortcode(input.value, input.selectionStart)
  }, [field])

  const replaceWith = useCallback(
    (emoji: string) => {
      const word = place()
      const caret = field.current?.selectionStart
      if (word === null || caret === undefined) return
      setSuggestions(NONE)
      insertText(field.current, emoji, caret - word.start)
    },
    [field, place],
  )

  const look = useCallback(async () => {
    const word = place()
    if (word === null || word.start === dismissed.current) {
      if (word === null) dismissed.current = -1
      return setSuggestions(NONE)
    }
    const all = await loadShortcodes()
    const now = place()
    if (now === null || now.word !== word.word) return
    if (now.closed) {
      const exact = all.find(({ code }) => code === now.word)
      if (exact !== undefined) replaceWith(exact.emoji)
      return setSuggestions(NONE)
    }
    setSuggestions(suggest(all, now.word))
    setHighlighted(0)
  }, [place, replaceWith])

  const pick = useCallback((suggestion: Shortcode) => replaceWith(suggestion.emoji), [replaceWith])

  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (suggestions.length === 0) return false
    const step = { ArrowDown: 1, ArrowUp: suggestions.length - 1 }[event.key]
    if (step !== undefined) {
      setHighlighted((highlighted + step) % suggestions.length)
    } else if (event.key === 'Enter' || event.key === 'Tab') {
      const chosen = suggestions[highlighted]
      if (chosen !== undefined) pick(chosen)
    } else if (event.key === 'Escape') {
      dismissed.current = place()?.start ?? -1
      close()
      event.stopPropagation()
    } else {
      return false
    }
    event.preventDefault()
    return true
  }

  return {
    open: suggestions.length > 0,
    suggestions,
    highlighted,
    look: () => void look(),
    close,
    pick,
    onKeyDown,
  }
}
