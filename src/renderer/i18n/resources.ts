import type common from './en/common.json'
import type composer from './en/composer.json'
import type contacts from './en/contacts.json'
import type conversations from './en/conversations.json'
import type details from './en/details.json'
import type errors from './en/errors.json'
import type inspect from './en/inspect.json'
import type localRelay from './en/local-relay.json'
import type onboarding from './en/onboarding.json'
import type palette from './en/palette.json'
import type scan from './en/scan.json'
import type settings from './en/settings.json'
import type shortcuts from './en/shortcuts.json'
import type thread from './en/thread.json'
import type verify from './en/verify.json'

// The English catalogues are the measure: a key that is not there does not compile.
declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    resources: {
      common: typeof common
      composer: typeof composer
      contacts: typeof contacts
      conversations: typeof conversations
      details: typeof details
      errors: typeof errors
      inspect: typeof inspect
      'local-relay': typeof localRelay
      onboarding: typeof onboarding
      palette: typeof palette
      scan: typeof scan
      settings: typeof settings
      shortcuts: typeof shortcuts
      thread: typeof thread
      verify: typeof verify
    }
  }
}
