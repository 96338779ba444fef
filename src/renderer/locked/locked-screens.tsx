import { useApp } from '../state/app.ts'
import { Failed } from './failed.tsx'
import { KeychainLocked } from './keychain-locked.tsx'
import styles from './locked.module.css'
import { VaultLocked } from './vault-locked.tsx'

/** What the window shows while the profile cannot be opened yet. */
export function LockedScreens() {
  const state = useApp(({ app }) => app)
  return (
    <main className={styles.screen}>
      {state.phase === 'keychain-locked' && <KeychainLocked />}
      {state.phase === 'vault-locked' && <VaultLocked />}
      {state.phase === 'failed' && <Failed code={state.code} />}
    </main>
  )
}
