import { useTranslation } from 'react-i18next'
import type { Shortcode } from './emoji-data.ts'
import styles from './shortcode-list.module.css'

/** The id of one suggestion, for `aria-activedescendant`. */
export function suggestionId(index: number): string {
  return `shortcode-${index}`
}

/** Emoji that fit what is being typed. Focus stays in the text field. */
export function ShortcodeList({
  suggestions,
  highlighted,
  onPick,
}: {
  readonly suggestions: readonly Shortcode[]
  readonly highlighted: number
  readonly onPick: (suggestion: Shortcode) => void
}) {
  const { t } = useTranslation('composer')
  return (
    <div id="shortcodes" className={styles.list} role="listbox" aria-label={t('shortcodes')}>
      {suggestions.map((suggestion, index) => (
        <div
          key={suggestion.code}
          id={suggestionId(index)}
          role="option"
          aria-selected={index === highlighted}
          className={styles.option}
          // Before the field loses focus, which would close the list.
          onPointerDown={(event) => {
            event.preventDefault()
            onPick(suggestion)
          }}
        >
          <span className={styles.emoji}>{suggestion.emoji}</span>:{suggestion.code}:
        </div>
      ))}
    </div>
  )
}
