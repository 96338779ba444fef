import { useCallback } from 'react'
import { AddContactDialog } from '../contacts/add-contact-dialog.tsx'
import { InspectDialog } from '../inspect/inspect-dialog.tsx'
import { Palette } from '../palette/palette.tsx'
import { Settings } from '../settings/settings.tsx'
import { ShortcutSheet } from '../shortcuts/shortcut-sheet.tsx'
import { closeOverlay, type Overlay, useOverlays } from '../state/overlays.ts'
import { MessageDetailsDialog } from '../thread/message-details.tsx'
import { VerifyDialog } from '../verify/verify-dialog.tsx'

/** What lies over the main window, topmost last. */
export function Overlays() {
  const stack = useOverlays((state) => state.stack)
  return stack.map((overlay) => <OpenOverlay key={overlay.kind} overlay={overlay} />)
}

function OpenOverlay({ overlay }: { readonly overlay: Overlay }) {
  const { kind } = overlay
  const close = useCallback(() => closeOverlay(kind), [kind])
  switch (overlay.kind) {
    case 'inspect':
      return <InspectDialog key={overlay.seq} seq={overlay.seq} onClose={close} />
    case 'message-details':
      return <MessageDetailsDialog seq={overlay.seq} onClose={close} />
    case 'add-contact':
      return <AddContactDialog key={overlay.link} link={overlay.link} side={overlay.side} />
    case 'verify':
      return <VerifyDialog key={overlay.contactId} contactId={overlay.contactId} />
    case 'settings':
      return <Settings section={overlay.section} />
    case 'palette':
      return <Palette />
    case 'shortcuts':
      return <ShortcutSheet />
  }
}
