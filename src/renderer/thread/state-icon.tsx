import { Check, CheckCheck, CircleAlert, Clock3 } from 'lucide-react'
import type { MessageView } from '#ipc/views.ts'
import styles from './state-icon.module.css'

const ICONS = {
  waiting: Clock3,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  failed: CircleAlert,
} as const

/** How far a message of one's own has come. Its row says the same in words. */
export function StateIcon({ state }: { readonly state: MessageView['state'] }) {
  if (state === 'received') return null
  const Icon = ICONS[state]
  return <Icon className={styles.icon} data-state={state} aria-hidden="true" />
}
