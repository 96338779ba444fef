import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

export interface Question {
  readonly title: string
  readonly body: string
  /** The text of the button that does it. */
  readonly action: string
  readonly danger?: boolean
}

interface Asked extends Question {
  readonly answer: (yes: boolean) => void
}

const useAsked = create<{ readonly asked: Asked | null }>(() => ({ asked: null }))

/** Asks before something that cannot be undone. Resolves to whether the user wants it. */
export function confirm(question: Question): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  useAsked.getState().asked?.answer(false)
  const answer = (yes: boolean) => {
    useAsked.setState({ asked: null })
    resolve(yes)
  }
  useAsked.setState({ asked: { ...question, answer } })
  return promise
}

/** Whether a question is open. */
export function isAsking(): boolean {
  return useAsked.getState().asked !== null
}

/** Where `confirm` shows its question. Mounted once, at the root. */
export function ConfirmDialog() {
  const { t } = useTranslation('common')
  const { asked } = useAsked()
  const cancel = useRef<HTMLButtonElement>(null)
  if (asked === null) return null
  return (
    <Dialog
      open
      size="small"
      title={asked.title}
      description={asked.body}
      onClose={() => asked.answer(false)}
      initialFocus={cancel}
      footer={
        <>
          <Button ref={cancel} onClick={() => asked.answer(false)}>
            {t('cancel')}
          </Button>
          <Button
            variant={asked.danger === true ? 'danger' : 'primary'}
            onClick={() => asked.answer(true)}
          >
            {asked.action}
          </Button>
        </>
      }
    />
  )
}
