import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Banner } from './banner.tsx'

/** Why what was just asked for did not work; read out at once. */
export function FormError({ children }: { readonly children: ReactNode }) {
  return (
    <div role="alert">
      <Banner tone="danger" icon={<CircleAlert />}>
        {children}
      </Banner>
    </div>
  )
}
