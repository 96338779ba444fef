import { Popover } from '@base-ui/react/popover'
import { Smile } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../ui/icon-button.tsx'
import { Spinner } from '../ui/spinner.tsx'
import styles from './emoji-button.module.css'

const EmojiPicker = lazy(async () => {
  const { EmojiPicker: component } = await import('./emoji-picker.tsx')
  return { default: component }
})

/** Opens the emoji picker and closes it after one was picked. */
export function EmojiButton({ onPick }: { readonly onPick: (emoji: string) => void }) {
  const { t } = useTranslation('composer')
  const [open, setOpen] = useState(false)
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger
        render={<IconButton label={t('emoji')} icon={<Smile />} tooltipSide="top" />}
      />
      <Popover.Portal>
        <Popover.Positioner side="top" align="start" sideOffset={10} className={styles.positioner}>
          <Popover.Popup className={styles.popup} aria-label={t('emoji')}>
            <Suspense fallback={<Spinner label={t('emojiLoading')} />}>
              <EmojiPicker
                onPick={(emoji) => {
                  setOpen(false)
                  // After focus has gone back to where the popup was opened from.
                  setTimeout(() => onPick(emoji))
                }}
              />
            </Suspense>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
