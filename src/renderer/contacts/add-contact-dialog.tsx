import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { closeOverlay } from '../state/overlays.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Segmented } from '../ui/segmented.tsx'
import { AddForm } from './add-form.tsx'
import { MyLink } from './my-link.tsx'
import styles from './add-contact.module.css'

type Side = 'theirs' | 'mine'

interface AddContactDialogProps {
  /** Fills in the field, as from a `sotto://` link that was opened. */
  readonly link?: string | undefined
  readonly side?: Side | undefined
}

/**
 * Adds a contact by their link or address, or shows one's own link to be added. For another link it wants
 * another `key`.
 */
export function AddContactDialog({ link, side: initialSide = 'theirs' }: AddContactDialogProps) {
  const { t } = useTranslation('contacts')
  const [side, setSide] = useState<Side>(initialSide)
  return (
    <Dialog open onClose={() => closeOverlay('add-contact')} title={t('add.title')}>
      <div className={styles.body}>
        <Segmented
          label={t('add.title')}
          labelHidden
          value={side}
          segments={[
            { value: 'theirs', label: t('add.tab.theirs') },
            { value: 'mine', label: t('add.tab.mine') },
          ]}
          onChange={setSide}
        />
        {side === 'theirs' ? <AddForm initialText={link ?? ''} /> : <MyLink />}
      </div>
    </Dialog>
  )
}
