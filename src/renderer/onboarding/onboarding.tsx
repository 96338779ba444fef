import { useEffect, useEffectEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppStateView, LinkPreviewView } from '#ipc/views.ts'
import { useIpcEvent } from '../ipc/use-ipc-event.ts'
import { KeychainLocked } from '../locked/keychain-locked.tsx'
import { useApp } from '../state/app.ts'
import { EMPTY_DRAFT, type AccountDraft } from './account-draft.ts'
import { AccountStep } from './account-step.tsx'
import { InviteStep } from './invite-step.tsx'
import { PassphraseStep } from './passphrase-step.tsx'
import { useCreateAccount } from './use-create-account.ts'
import { WelcomeStep } from './welcome-step.tsx'
import styles from './onboarding.module.css'

type FirstRun = Extract<AppStateView, { phase: 'first-run' }>
type Step = 'welcome' | 'invite' | 'account' | 'passphrase' | 'keychain-locked'

/** First run, from the welcome to the account. */
export function Onboarding() {
  const state = useApp(({ app }) => (app.phase === 'first-run' ? app : null))
  return state === null ? null : <FirstRunSteps state={state} />
}

function FirstRunSteps({ state }: { readonly state: FirstRun }) {
  const { t } = useTranslation('onboarding')
  const [step, setStep] = useState<Step>(state.inviteLink === null ? 'welcome' : 'invite')
  const [link, setLink] = useState(state.inviteLink ?? '')
  const [draft, setDraft] = useState<AccountDraft>(EMPTY_DRAFT)
  const [preferred, setPreferred] = useState<'keychain' | 'passphrase'>('keychain')
  const { create, pending, errorCode, clearError } = useCreateAccount()

  const protection = state.keychain === 'absent' ? 'passphrase' : preferred

  useIpcEvent('link.opened', (opened) => {
    if (pending) return
    setLink(opened.link)
    setStep('invite')
  })

  const goOnOnceUnlocked = useEffectEvent(() => {
    if (step === 'keychain-locked') void submit(null)
  })
  useEffect(() => {
    if (state.keychain === 'available') goOnOnceUnlocked()
  }, [state.keychain])

  function go(to: Step): void {
    clearError()
    setStep(to)
  }

  function takeInvite(invite: string, preview: LinkPreviewView): void {
    setDraft({ ...draft, relay: preview.relay, invite: { link: invite, address: preview.address } })
    go('account')
  }

  function submitAccount(): void {
    if (protection === 'passphrase') go('passphrase')
    else if (state.keychain === 'locked') go('keychain-locked')
    else void submit(null)
  }

  async function submit(passphrase: string | null): Promise<void> {
    setStep(passphrase === null ? 'account' : 'passphrase')
    const code = await create(draft, passphrase)
    if (code === 'KEYCHAIN_LOCKED') setStep('keychain-locked')
    else if (code === 'KEYCHAIN_UNAVAILABLE') {
      setPreferred('passphrase')
      setStep('passphrase')
    } else if (code !== null && code !== 'PASSPHRASE_WEAK') setStep('account')
  }

  return (
    <main className={styles.page}>
      {step === 'welcome' && (
        <WelcomeStep onCreate={() => go('account')} onInvite={() => go('invite')} />
      )}
      {step === 'invite' && (
        <InviteStep
          key={link}
          initialLink={link}
          onBack={() => go('welcome')}
          onInvite={takeInvite}
          onWithout={() => {
            setDraft({ ...draft, invite: null })
            go('account')
          }}
        />
      )}
      {step === 'account' && (
        <AccountStep
          draft={draft}
          onChange={(changed) => {
            clearError()
            setDraft(changed)
          }}
          keychain={state.keychain}
          protection={protection}
          onProtection={setPreferred}
          pending={pending}
          errorCode={errorCode}
          submitLabel={protection === 'passphrase' ? t('account.continue') : t('account.create')}
          onBack={() => go(draft.invite === null ? 'welcome' : 'invite')}
          onSubmit={submitAccount}
        />
      )}
      {step === 'passphrase' && (
        <PassphraseStep
          keychainAbsent={state.keychain === 'absent'}
          pending={pending}
          errorCode={errorCode}
          onBack={() => go('account')}
          onSubmit={(passphrase) => void submit(passphrase)}
        />
      )}
      {step === 'keychain-locked' && (
        <KeychainLocked
          onBack={() => go('account')}
          onPassphrase={() => {
            setPreferred('passphrase')
            go('passphrase')
          }}
        />
      )}
    </main>
  )
}
