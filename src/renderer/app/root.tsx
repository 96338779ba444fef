import { CSPProvider } from '@base-ui/react/csp-provider'
import { DirectionProvider } from '@base-ui/react/direction-provider'
import { useTranslation } from 'react-i18next'
import { LockedScreens } from '../locked/locked-screens.tsx'
import { Onboarding } from '../onboarding/onboarding.tsx'
import { useApp } from '../state/app.ts'
import { Announcer } from '../ui/announcer.tsx'
import { ConfirmDialog } from '../ui/confirm.tsx'
import { Spinner } from '../ui/spinner.tsx'
import { ToastProvider } from '../ui/toast.tsx'
import { TooltipProvider } from '../ui/tooltip.tsx'
import { MainWindow } from './main-window.tsx'
import styles from './root.module.css'

/** Everything on the page: the screen for the phase the application is in, and what may lie over any of them. */
export function Root() {
  const { i18n } = useTranslation()
  return (
    <CSPProvider disableStyleElements>
      <DirectionProvider direction={i18n.dir()}>
        <TooltipProvider>
          <ToastProvider>
            <Phase />
            <ConfirmDialog />
            <Announcer />
          </ToastProvider>
        </TooltipProvider>
      </DirectionProvider>
    </CSPProvider>
  )
}

function Phase() {
  const { t } = useTranslation('common')
  const app = useApp((state) => state.app)
  switch (app.phase) {
    case 'starting':
      return (
        <main className={styles.starting}>
          <Spinner size="large" label={t('starting')} />
        </main>
      )
    case 'first-run':
      return <Onboarding />
    case 'keychain-locked':
    case 'vault-locked':
    case 'failed':
      return <LockedScreens />
    case 'ready':
      return <MainWindow />
  }
}
