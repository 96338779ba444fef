import { Popover } from '@base-ui/react/popover'
import { Smile } from 'lucide-react'
import { lazy, type RefObject, Suspense, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../ui/icon-button.tsx'
import { Spinner } from '../ui/spinner.tsx'
import styles from './emoji-button.module.css'
import { insertText } from './insert-text.ts'

const EmojiPicker = lazy(async () => {
  const { EmojiPicker: component } = await import('./emoji-picker.tsx')
  return { default: component }
})

/** Opens the emoji picker and closes it after one was picked, which then stands where the caret was. */
export function EmojiButton({ field }: { readonly field: RefObject<HTMLTextAreaElement | null> }) {
  const { t } = useTranslation('composer')
  const [open, setOpen] = useState(false)
  const picked = useRef('')

  // Typed only once focus is back in the field: the picker holds it until it is gone.
  const onOpenChangeComplete = (nowOpen: boolean) => {
    if (nowOpen || picked.current === '') return
    insertText(field.current, picked.current)
    picked.current = ''
  }

  return (
    <Popover.Root open={open} onOpenChange={setOpen} onOpenChangeComplete={onOpenChangeComplete}>
      <Popover.Trigger
        render={<IconButton label={t('emoji')} icon={<Smile />} tooltipSide="top" />}
      />
      <Popover.Portal>
        <Popover.Positioner side="top" align="start" sideOffset={10} className={styles.positioner}>
          <Popover.Popup className={styles.popup} aria-label={t('emoji')} finalFocus={field}>
            <Suspense fallback={<Spinner label={t('emojiLoading')} />}>
              <EmojiPicker
                onPick={(emoji) => {
                  picked.current = emoji
                  setOpen(false)
                }}
              />
            </Suspense>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
