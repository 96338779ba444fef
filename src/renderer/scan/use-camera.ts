import { useEffect, useRef, useState, type RefObject } from 'react'
import { pixelsOf } from './picture.ts'
import { readQrCode } from './read-qr-code.ts'

const LOOK_EVERY_MS = 150

export type CameraState = 'starting' | 'looking' | 'absent' | 'refused'

/** Looks for a QR code through the camera while the component is mounted. */
export function useCamera(onText: (text: string) => void): {
  readonly state: CameraState
  readonly video: RefObject<HTMLVideoElement | null>
} {
  const video = useRef<HTMLVideoElement>(null)
  const [state, setState] = useState<CameraState>('starting')
  const found = useRef(onText)
  useEffect(() => void (found.current = onText), [onText])

  useEffect(() => {
    let stopped = false
    let stream: MediaStream | null = null
    let timer: ReturnType<typeof setInterval> | undefined

    function look(): void {
      const element = video.current
      const picture = element && pixelsOf(element, element.videoWidth, element.videoHeight)
      const text = picture && readQrCode(picture)
      if (text === null) return
      clearInterval(timer)
      found.current(text)
    }

    async function begin(): Promise<void> {
      try {
        const opened = await navigator.mediaDevices.getUserMedia({ video: true, audio: false })
        if (stopped) {
          end(opened)
          return
        }
        stream = opened
        if (video.current !== null) video.current.srcObject = opened
        setState('looking')
        timer = setInterval(look, LOOK_EVERY_MS)
      } catch (cause) {
        const refused = cause instanceof DOMException && cause.name === 'NotAllowedError'
        if (!stopped) setState(refused ? 'refused' : 'absent')
      }
    }

    void begin()
    return () => {
      stopped = true
      clearInterval(timer)
      end(stream)
    }
  }, [])

  return { state, video }
}

function end(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
