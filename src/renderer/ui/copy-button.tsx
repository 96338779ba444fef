import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { announce } from './announcer.tsx'
import { Button, type ButtonProps } from './button.tsx'
import { copyText } from './copy-text.ts'

const CONFIRMED_MS = 2_000

interface CopyButtonProps extends Omit<ButtonProps, 'children' | 'onClick' | 'icon' | 'ref'> {
  readonly label: string
  /** Shown and read out for a moment afterwards. */
  readonly copiedLabel: string
  /** What to copy, or where to get it from; `null` where there is nothing. */
  readonly text: string | (() => Promise<string | null>)
}

/** Copies a text and says that it did, or why not. */
export function CopyButton({ label, copiedLabel, text, ...rest }: CopyButtonProps) {
  const [copied, setCopied] = useState(false)

  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), CONFIRMED_MS)
    return () => clearTimeout(timer)
  }, [copied])

  async function copy(): Promise<void> {
    const content = typeof text === 'string' ? text : await text()
    if (content === null || !(await copyText(content))) return
    setCopied(true)
    announce(copiedLabel)
  }

  return (
    <Button {...rest} icon={copied ? <Check /> : <Copy />} onClick={() => void copy()}>
      {copied ? copiedLabel : label}
    </Button>
  )
}
