import { ArrowLeft, UserRoundPlus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { showList } from '../state/layout.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { RequestCard } from './request-card.tsx'
import { useRequests } from './use-requests.ts'
import styles from './requests.module.css'

/** The people who asked to write to the user, in the place of the conversation list. */
export function Requests() {
  const { t } = useTranslation('contacts')
  const requests = useRequests()
  return (
    <section className={styles.pane} aria-label={t('requests.title')}>
      <header className={styles.header}>
        <IconButton
          label={t('requests.close')}
          icon={<ArrowLeft className={styles.backIcon} />}
          onClick={() => showList('conversations')}
        />
        <h1 className={styles.title}>{t('requests.title')}</h1>
      </header>
      {requests.length === 0 ? (
        <EmptyState icon={<UserRoundPlus />} title={t('requests.empty')}>
          {t('requests.emptyText')}
        </EmptyState>
      ) : (
        <div className={styles.scroll}>
          <p className={styles.text}>{t('requests.text')}</p>
          <ul className={styles.list} aria-label={t('requests.list')}>
            {requests.map((request) => (
              <RequestCard key={request.id} request={request} />
            ))}
          </ul>
        </div>
      )}
    </section>
  )
}
