import './ui/tokens.css'
import './ui/base.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { announceMessages } from './app/announce-messages.ts'
import { followAppearance } from './app/appearance.ts'
import { Root } from './app/root.tsx'
import { startI18n } from './i18n/i18n.ts'
import { resolveLanguage } from './i18n/languages.ts'
import { useApp } from './state/app.ts'
import { startFeed } from './state/feed.ts'

const container = document.getElementById('root')
if (container === null) throw new TypeError('index.html has no #root')

const fed = startFeed(announceMessages)
await startI18n(resolveLanguage('system'))
await fed
followAppearance(useApp.getState().settings)

createRoot(container).render(
  <StrictMode>
    <Root />
  </StrictMode>,
)
