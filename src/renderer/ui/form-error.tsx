import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Banner } from './banner.tsx'

/** Below a long form it would stay unseen. */
function scrollIntoSight(node: HTMLElement | null): void {
  node?.scrollIntoView({ block: 'nearest' })
}

/** Why what was just asked for did not work; read out at once. */
export function FormError({ children }: { readonly children: ReactNode }) {
  return (
    <div role="alert" ref={scrollIntoSight}>
      <Banner tone="danger" icon={<CircleAlert />}>
        {children}
      </Banner>
    </div>
  )
}
