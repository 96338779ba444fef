import { useState, type FormEvent } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import type { ErrorCode } from '#shared/errors.ts'
import { LocalRelayPanel } from '../local-relay/local-relay-panel.tsx'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { TextField } from '../ui/text-field.tsx'
import type { AccountDraft } from './account-draft.ts'
import { displayRelay, isAccountName, splitTypedName, suggestAccountName } from './account-name.ts'
import { NameStatus, RelayStatus } from './check-status.tsx'
import { KeysNote } from './keys-note.tsx'
import { StepFrame } from './step-frame.tsx'
import { useNameCheck, useRelayCheck } from './use-account-checks.ts'
import styles from './onboarding.module.css'

interface AccountStepProps {
  readonly draft: AccountDraft
  readonly onChange: (draft: AccountDraft) => void
  readonly keychain: 'available' | 'absent' | 'locked'
  readonly protection: 'keychain' | 'passphrase'
  readonly onProtection: (protection: 'keychain' | 'passphrase') => void
  readonly pending: boolean
  readonly errorCode: ErrorCode | null
  readonly submitLabel: string
  readonly onBack: () => void
  readonly onSubmit: () => void
}

const NAME_ERRORS: readonly ErrorCode[] = [
  'NAME_TAKEN',
  'NAME_INVALID',
  'NAME_LOOKS_TAKEN',
  'NAME_RESERVED',
]
const CODE_ERRORS: readonly ErrorCode[] = ['INVITE_CODE_REQUIRED', 'INVITE_CODE_INVALID']

/** Name and relay, checked while typing. */
export function AccountStep(props: AccountStepProps) {
  const { draft, onChange, pending, errorCode } = props
  const { t } = useTranslation(['onboarding', 'errors'])
  const [nameLeft, setNameLeft] = useState(false)
  const [tried, setTried] = useState(false)

  const relayCheck = useRelayCheck(draft.relay)
  const relay =
    relayCheck.state === 'done' && relayCheck.outcome.ok ? relayCheck.outcome.value : null
  const relayFailed = relayCheck.state === 'done' && !relayCheck.outcome.ok
  const nameCheck = useNameCheck(draft.relay, relay !== null, draft.name)
  const taken =
    nameCheck.state === 'done' &&
    (nameCheck.outcome.ok
      ? !nameCheck.outcome.value.free
      : NAME_ERRORS.includes(nameCheck.outcome.error.code))
  const needsCode = relay?.registration === 'invite'
  const doesWork = relay?.registration === 'work'

  const nameValid = isAccountName(draft.name)
  const relayMissing = draft.relay.trim() === ''
  const codeMissing = needsCode && draft.inviteCode.trim() === ''
  const complete = nameValid && !relayMissing && !relayFailed && !taken && !codeMissing
  const errors = fieldErrors()

  function fieldErrors() {
    const nameWrong = !nameValid && (tried || (nameLeft && draft.name !== ''))
    const ofName = errorCode !== null && NAME_ERRORS.includes(errorCode)
    const ofCode = errorCode !== null && CODE_ERRORS.includes(errorCode)
    return {
      name: ofName ? t(`errors:${errorCode}`) : nameWrong ? t('errors:NAME_INVALID') : undefined,
      relay: tried && relayMissing ? t('relay.missing') : undefined,
      code: ofCode
        ? t(`errors:${errorCode}`)
        : tried && codeMissing
          ? t('account.codeMissing')
          : undefined,
      form: errorCode !== null && !ofName && !ofCode ? t(`errors:${errorCode}`) : undefined,
    }
  }

  function changeDisplayName(displayName: string): void {
    const name = draft.nameTyped ? draft.name : suggestAccountName(displayName)
    onChange({ ...draft, displayName, name })
  }

  function changeName(text: string): void {
    onChange({ ...draft, ...splitTypedName(text), nameTyped: text !== '' })
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    setTried(true)
    if (complete && !pending) props.onSubmit()
  }

  return (
    <StepFrame
      title={t('account.title')}
      text={
        draft.invite === null
          ? undefined
          : t('account.invitedBy', { address: draft.invite.address })
      }
      onBack={props.onBack}
    >
      <form className={styles.form} onSubmit={submit}>
        <TextField
          label={t('account.displayName')}
          placeholder={t('account.displayNamePlaceholder')}
          hint={t('account.displayNameHint')}
          value={draft.displayName}
          onChange={changeDisplayName}
          maxLength={64}
          autoComplete="off"
          autoFocus
        />
        <TextField
          label={t('account.relay')}
          placeholder={t('account.relayPlaceholder')}
          value={draft.relay}
          onChange={(text) => onChange({ ...draft, relay: text })}
          error={errors.relay}
          hint={<RelayStatus check={relayCheck} />}
          maxLength={300}
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
        />
        {relay === null && (
          <details className={styles.relayHelp}>
            <summary>{t('relay.noRelay')}</summary>
            <p>{t('relay.noRelayText')}</p>
            <LocalRelayPanel onRunning={(host) => onChange({ ...draft, relay: host })} />
          </details>
        )}
        <TextField
          label={t('account.name')}
          placeholder={t('account.namePlaceholder')}
          value={draft.name}
          onChange={changeName}
          onBlur={() => setNameLeft(true)}
          error={errors.name}
          hint={<NameStatus check={nameCheck} />}
          maxLength={300}
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
        />
        {needsCode && (
          <TextField
            label={t('account.inviteCode')}
            hint={t('account.inviteCodeHint')}
            value={draft.inviteCode}
            onChange={(inviteCode) => onChange({ ...draft, inviteCode })}
            error={errors.code}
            maxLength={200}
            dir="ltr"
            spellCheck={false}
            autoComplete="off"
          />
        )}
        {nameValid && !taken && !relayMissing && (
          <p className={styles.address}>
            <Trans
              t={t}
              i18nKey="account.yourAddress"
              values={{ address: `${draft.name}@${displayRelay(draft.relay)}` }}
              components={{ 1: <bdi className={styles.addressText} /> }}
            />
          </p>
        )}
        {errors.form !== undefined && <FormError>{errors.form}</FormError>}
        <Button type="submit" variant="primary" size="large" wide busy={pending}>
          {pending ? t(doesWork ? 'account.working' : 'account.creating') : props.submitLabel}
        </Button>
        <KeysNote
          keychain={props.keychain}
          protection={props.protection}
          onProtection={props.onProtection}
        />
      </form>
    </StepFrame>
  )
}
