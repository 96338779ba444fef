import { Toast as Base } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './icon-button.tsx'
import styles from './toast.module.css'

const manager = Base.createToastManager()

export interface ToastOptions {
  readonly text: string
  readonly tone?: 'neutral' | 'danger'
  readonly action?: { readonly label: string; readonly onSelect: () => void }
}

/** Says in a corner that something was done, or was not. It goes away by itself; errors stay longer. */
export function showToast({ text, tone = 'neutral', action }: ToastOptions): void {
  const id = manager.add({
    title: text,
    type: tone,
    timeout: tone === 'danger' ? 10_000 : 5_000,
    priority: tone === 'danger' ? 'high' : 'low',
    ...(action === undefined
      ? {}
      : {
          actionProps: {
            children: action.label,
            onClick: () => {
              manager.close(id)
              action.onSelect()
            },
          },
        }),
  })
}

/** Where toasts appear. Mounted once, around everything. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation('common')
  return (
    <Base.Provider toastManager={manager} limit={3}>
      {children}
      <Base.Portal>
        <Base.Viewport className={styles.viewport} aria-label={t('notifications')}>
          <Toasts />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  )
}

function Toasts() {
  const { t } = useTranslation('common')
  const { toasts } = Base.useToastManager()
  return toasts.map((toast) => (
    <Base.Root key={toast.id} toast={toast} className={styles.toast} swipeDirection="down">
      <Base.Content className={styles.content}>
        <Base.Title className={styles.text} render={<p />} />
        <Base.Action className={styles.action} />
        <Base.Close render={<IconButton size="small" label={t('dismiss')} icon={<X />} />} />
      </Base.Content>
    </Base.Root>
  ))
}
