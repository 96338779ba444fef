import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorCode } from '#shared/errors.ts'

/** Turns an error code into the sentence that says what happened and what to do. */
export function useErrorText(): (code: ErrorCode) => string {
  const { t } = useTranslation('errors')
  return useCallback((code) => t(code), [t])
}
