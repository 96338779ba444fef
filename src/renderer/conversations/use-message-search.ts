import { useCallback, useEffect, useState } from 'react'
import type { SearchHitView } from '#ipc/views.ts'
import { call } from '../ipc/bridge.ts'

const PAUSE_MS = 120
const PAGE_SIZE = 30

interface MessageSearch {
  readonly hits: readonly SearchHitView[]
  readonly hasMore: boolean
  /** Whether the hits are those of an earlier text. */
  readonly pending: boolean
  readonly more: () => void
}

interface Found {
  readonly key: string
  readonly hits: readonly SearchHitView[]
  readonly hasMore: boolean
}

/** Messages that contain a text, newest first; asked again shortly after the last keystroke. */
export function useMessageSearch(text: string, conversationId: number | null): MessageSearch {
  const wanted = text.trim()
  const key = `${conversationId ?? ''}|${wanted}`
  const [found, setFound] = useState<Found>({ key: '|', hits: [], hasMore: false })

  const read = useCallback(
    async (beforeSeq: number | null) => {
      const outcome = await call('messages.search', {
        text: wanted,
        conversationId,
        beforeSeq,
        limit: PAGE_SIZE,
      })
      return outcome.ok ? outcome.value : []
    },
    [wanted, conversationId],
  )

  useEffect(() => {
    if (wanted === '') return
    let current = true
    const timer = setTimeout(async () => {
      const hits = await read(null)
      if (current) setFound({ key, hits, hasMore: hits.length === PAGE_SIZE })
    }, PAUSE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [key, wanted, read])

  const readMore = async () => {
    const last = found.hits.at(-1)
    if (last === undefined) return
    const hits = await read(last.message.seq)
    setFound((now) =>
      now.key === found.key
        ? { ...now, hits: [...now.hits, ...hits], hasMore: hits.length === PAGE_SIZE }
        : now,
    )
  }

  return {
    hits: found.hits,
    hasMore: found.hasMore,
    pending: wanted !== '' && found.key !== key,
    more: () => void readMore(),
  }
}
