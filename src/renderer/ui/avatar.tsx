import { memo } from 'react'
import styles from './avatar.module.css'
import { avatarOf } from './avatar-pattern.ts'

/**
 * The face of an account: its colour and the arcs around it come from the fingerprint, so that two accounts of
 * the same name look different. The name beside it is what screen readers hear.
 */
export const Avatar = memo(function Avatar({
  fingerprint,
  title,
  size = 2.75,
}: {
  /** 64 hexadecimal digits. */
  readonly fingerprint: string
  readonly title: string
  /** In rem. */
  readonly size?: number
}) {
  const { hue, arcs, initial } = avatarOf(fingerprint, title)
  return (
    <svg
      className={styles.avatar}
      data-hue={hue}
      viewBox="0 0 40 40"
      style={{ inlineSize: `${size}rem`, blockSize: `${size}rem` }}
      aria-hidden="true"
    >
      <circle cx="20" cy="20" r="20" className={styles.ground} />
      {arcs.map(({ radius, start, length }) => (
        <circle
          key={radius}
          cx="20"
          cy="20"
          r={radius}
          className={styles.arc}
          pathLength="360"
          strokeDasharray={`${length} ${360 - length}`}
          strokeDashoffset={-start}
        />
      ))}
      <text x="20" y="20" className={styles.initial}>
        {initial}
      </text>
    </svg>
  )
})
