import { EmojiPicker as Base, type SkinTone } from 'frimousse'
import { Search } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { resolveLanguage } from '../i18n/languages.ts'
import { useSetting } from '../state/app.ts'
import { loadEmojiData } from './emoji-data.ts'
import styles from './emoji-picker.module.css'

/** All emoji, by category and by search in the user's language. */
export function EmojiPicker({ onPick }: { readonly onPick: (emoji: string) => void }) {
  const { t } = useTranslation('composer')
  const language = resolveLanguage(useSetting((settings) => settings.language))
  const [skinTone, setSkinTone] = useState<SkinTone>('none')
  return (
    <Base.Root
      className={styles.picker}
      columns={9}
      locale={language}
      skinTone={skinTone}
      resolveEmojiData={() => loadEmojiData(language)}
      onEmojiSelect={({ emoji }) => onPick(emoji)}
    >
      <div className={styles.top}>
        <div className={styles.searchBox}>
          <Search />
          <Base.Search
            className={styles.search}
            placeholder={t('emojiSearch')}
            aria-label={t('emojiSearch')}
          />
        </div>
        <Base.SkinTone>
          {({ skinTone: shown, skinToneVariations }) => (
            <button
              type="button"
              className={styles.tone}
              aria-label={t('skinTone')}
              title={t('skinTone')}
              onClick={() => {
                const at = skinToneVariations.findIndex((tone) => tone.skinTone === shown)
                const next = skinToneVariations[(at + 1) % skinToneVariations.length]
                if (next !== undefined) setSkinTone(next.skinTone)
              }}
            >
              {skinToneVariations.find((tone) => tone.skinTone === shown)?.emoji}
            </button>
          )}
        </Base.SkinTone>
      </div>
      <Base.Viewport className={styles.viewport} tabIndex={0}>
        <Base.Loading className={styles.note}>{t('emojiLoading')}</Base.Loading>
        <Base.Empty className={styles.note}>{t('emojiNone')}</Base.Empty>
        <Base.List
          className={styles.list}
          components={{
            CategoryHeader: ({ category, ...props }) => (
              <div {...props} className={styles.category}>
                {category.label}
              </div>
            ),
            // ARIA counts rows and columns from one, the picker from zero.
            Row: (props) => (
              <div
                {...props}
                className={styles.row}
                aria-rowindex={(props['aria-rowindex'] ?? 0) + 1}
              />
            ),
            Emoji: ({ emoji, ...props }) => (
              <button
                type="button"
                role="gridcell"
                {...props}
                className={styles.emoji}
                title={emoji.label}
                aria-colindex={(props['aria-colindex'] ?? 0) + 1}
              >
                {emoji.emoji}
              </button>
            ),
          }}
        />
      </Base.Viewport>
    </Base.Root>
  )
}
