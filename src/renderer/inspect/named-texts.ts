import { useTranslation } from 'react-i18next'

/**
 * Texts for names that the core gives to parts and facts. One that this interface does not know yet is shown
 * as it is.
 */
export function useNamedTexts() {
  const { i18n } = useTranslation('inspect')
  const named = (group: 'part' | 'fact', name: string): string => {
    const texts: unknown = i18n.getResource(i18n.language, 'inspect', group)
    const text = isRecord(texts) ? texts[name] : undefined
    return typeof text === 'string' ? text : name
  }
  return {
    part: (name: string) => named('part', name),
    fact: (name: string) => named('fact', name),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
