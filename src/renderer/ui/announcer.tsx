import { create } from 'zustand'
import { VisuallyHidden } from './visually-hidden.tsx'

const useAnnouncement = create<{ readonly text: string; readonly turn: number }>(() => ({
  text: '',
  turn: 0,
}))

/** Has screen readers say something, politely, without moving focus. */
export function announce(text: string): void {
  useAnnouncement.setState(({ turn }) => ({ text, turn: turn + 1 }))
}

/** The live region behind `announce`. Mounted once, at the root. */
export function Announcer() {
  const { text, turn } = useAnnouncement()
  return (
    <VisuallyHidden>
      <span aria-live="polite" aria-atomic="true">
        {/* A new key makes the same words be said again. */}
        <span key={turn}>{text}</span>
      </span>
    </VisuallyHidden>
  )
}
