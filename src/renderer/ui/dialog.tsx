import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, type RefObject, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './dialog.module.css'
import { IconButton } from './icon-button.tsx'

export interface DialogProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  /** Keeps the title for screen readers only, and leaves out the header. */
  readonly titleHidden?: boolean
  readonly description?: ReactNode
  readonly size?: 'small' | 'medium' | 'large'
  /** Buttons at the end, the main one last. */
  readonly footer?: ReactNode
  /** What to focus first; else a field with `autoFocus`, or the dialog itself. */
  readonly initialFocus?: RefObject<HTMLElement | null>
  readonly children?: ReactNode
}

/** A window over everything else. Escape and a click outside close it, and focus returns to where it was. */
export function Dialog({
  open,
  onClose,
  title,
  titleHidden = false,
  description,
  size = 'medium',
  footer,
  initialFocus,
  children,
}: DialogProps) {
  const { t } = useTranslation('common')
  const popup = useRef<HTMLDivElement>(null)
  const focusInside = () => {
    const focused = document.activeElement
    return focused instanceof HTMLElement && popup.current?.contains(focused)
      ? focused
      : popup.current
  }
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Viewport className={styles.viewport}>
          <Base.Popup
            ref={popup}
            className={styles.popup}
            data-size={size}
            initialFocus={initialFocus ?? focusInside}
          >
            {titleHidden ? (
              <Base.Title className={styles.hidden}>{title}</Base.Title>
            ) : (
              <header className={styles.header}>
                <Base.Title className={styles.title}>{title}</Base.Title>
                <Base.Close
                  render={<IconButton label={t('close')} icon={<X />} className={styles.close} />}
                />
              </header>
            )}
            {description !== undefined && (
              <Base.Description className={styles.description}>{description}</Base.Description>
            )}
            {children !== undefined && <div className={styles.body}>{children}</div>}
            {footer !== undefined && <footer className={styles.footer}>{footer}</footer>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}
