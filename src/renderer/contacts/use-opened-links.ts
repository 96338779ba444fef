import { useIpcEvent } from '../ipc/use-ipc-event.ts'
import { openOverlay } from '../state/overlays.ts'

/** Offers to add the contact of a `sotto://` link that was opened. Mounted once, in the main window. */
export function useOpenedLinks(): void {
  useIpcEvent('link.opened', ({ link }) => openOverlay({ kind: 'add-contact', link }))
}
