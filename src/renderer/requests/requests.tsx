import { UserRoundPlus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '../ui/empty-state.tsx'
import { RequestCard } from './request-card.tsx'
import { useRequests } from './use-requests.ts'
import styles from './requests.module.css'

/** The people who asked to write to the user, in the place of the conversation list. */
export function Requests() {
  const { t } = useTranslation('contacts')
  const requests = useRequests()
  if (requests.length === 0) {
    return (
      <EmptyState icon={<UserRoundPlus />} title={t('requests.empty')}>
        {t('requests.emptyText')}
      </EmptyState>
    )
  }
  return (
    <div className={styles.scroll}>
      <p className={styles.text}>{t('requests.text')}</p>
      <ul className={styles.list} aria-label={t('requests.title')}>
        {requests.map((request) => (
          <RequestCard key={request.id} request={request} />
        ))}
      </ul>
    </div>
  )
}
