import styles from './key-hint.module.css'
import { keyLabels } from './key-labels.ts'

/** The keys of a shortcut, written as this platform writes them: `Mod+Shift+A`. `Mod` is Ctrl, or ⌘ on a Mac. */
export function KeyHint({ keys }: { readonly keys: string }) {
  return (
    <span className={styles.keys}>
      {keyLabels(keys).map((label, index) => (
        <kbd key={index} className={styles.key}>
          {label}
        </kbd>
      ))}
    </span>
  )
}
