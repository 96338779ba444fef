import { useTranslation } from 'react-i18next'
import type { ErrorCode } from '#shared/errors.ts'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { Spinner } from '../ui/spinner.tsx'
import styles from './loading.module.css'

interface LoadingProps {
  readonly error: ErrorCode | null
  readonly onRetry: () => Promise<void>
}

/** Stands in for a page that is being read, or could not be. */
export function Loading({ error, onRetry }: LoadingProps) {
  const { t } = useTranslation(['settings', 'errors'])
  return (
    <div className={styles.loading}>
      {error === null ? (
        <Spinner label={t('loading')} />
      ) : (
        <>
          <FormError>{t(`errors:${error}`)}</FormError>
          <Button onClick={() => void onRetry()}>{t('retry')}</Button>
        </>
      )}
    </div>
  )
}
