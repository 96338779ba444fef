import { ImageIcon } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { pixelsOf } from './picture.ts'
import { readQrCode } from './read-qr-code.ts'
import { useCamera } from './use-camera.ts'
import styles from './scanner.module.css'

interface ScannerProps {
  readonly onText: (text: string) => void
  readonly onCancel: () => void
}

/** Reads a QR code through the camera, or from a picture of one. Nothing of either is kept. */
export function Scanner({ onText, onCancel }: ScannerProps) {
  const { t } = useTranslation('scan')
  const { state, video } = useCamera(onText)
  const file = useRef<HTMLInputElement>(null)
  const [unread, setUnread] = useState(false)

  async function read(picture: Blob | undefined): Promise<void> {
    if (picture === undefined) return
    const text = await textIn(picture)
    setUnread(text === null)
    if (text !== null) onText(text)
  }

  return (
    <div className={styles.scanner}>
      <video
        ref={video}
        className={styles.video}
        aria-label={t('camera')}
        hidden={state !== 'looking'}
        autoPlay
        muted
        playsInline
      />
      <p role="status" className={styles.state}>
        {t(`state.${state}`)}
      </p>
      {unread && <FormError>{t('unread')}</FormError>}
      <div className={styles.buttons}>
        <input
          ref={file}
          type="file"
          accept="image/*"
          hidden
          aria-label={t('picture')}
          onChange={(event) => void read(event.target.files?.[0])}
        />
        <Button icon={<ImageIcon />} onClick={() => file.current?.click()}>
          {t('picture')}
        </Button>
        <Button variant="quiet" onClick={onCancel}>
          {t('cancel')}
        </Button>
      </div>
    </div>
  )
}

async function textIn(picture: Blob): Promise<string | null> {
  try {
    const bitmap = await createImageBitmap(picture)
    const pixels = pixelsOf(bitmap, bitmap.width, bitmap.height)
    bitmap.close()
    return pixels && readQrCode(pixels)
  } catch {
    return null // No picture that this page can read.
  }
}
