import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './icon-button.tsx'
import { TextField, type TextFieldProps } from './text-field.tsx'

/** A field for a passphrase, hidden until the user wants to see it. */
export function PassphraseField(props: Omit<TextFieldProps, 'type' | 'after' | 'dir'>) {
  const { t } = useTranslation('onboarding')
  const [shown, setShown] = useState(false)
  return (
    <TextField
      {...props}
      type={shown ? 'text' : 'password'}
      dir="ltr"
      spellCheck={false}
      autoCapitalize="off"
      after={
        <IconButton
          size="small"
          label={shown ? t('passphrase.hide') : t('passphrase.show')}
          icon={shown ? <EyeOff /> : <Eye />}
          onClick={() => setShown(!shown)}
        />
      }
    />
  )
}
