import { type KeyboardEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { setDetailsOpen } from '../state/layout.ts'
import { DetailsPane } from './details-pane.tsx'
import { useLentFocus } from './use-lent-focus.ts'

/** Where the details stand. Escape closes them. */
export function DetailsAside({
  conversation,
  className,
}: {
  readonly conversation: ConversationView
  readonly className: string | undefined
}) {
  const { t } = useTranslation('details')
  const aside = useRef<HTMLElement>(null)
  useLentFocus(aside)

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented || event.nativeEvent.isComposing) return
    event.preventDefault()
    setDetailsOpen(false)
  }

  return (
    <aside
      ref={aside}
      className={className}
      aria-label={t('title')}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      <DetailsPane key={conversation.id} conversation={conversation} />
    </aside>
  )
}
