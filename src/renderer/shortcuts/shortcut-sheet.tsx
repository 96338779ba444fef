import { useTranslation } from 'react-i18next'
import { closeOverlay } from '../state/overlays.ts'
import { useSetting } from '../state/app.ts'
import { Dialog } from '../ui/dialog.tsx'
import { KeyHint } from '../ui/key-hint.tsx'
import { COMMANDS, COMMAND_GROUPS, isNamed, type CommandGroup } from './commands.ts'
import styles from './shortcut-sheet.module.css'

interface Line {
  readonly id: string
  readonly text: string
  readonly keys: readonly string[]
}

/** All keys that do something, by group. */
export function ShortcutSheet() {
  const { t } = useTranslation('shortcuts')
  return (
    <Dialog open size="large" onClose={() => closeOverlay('shortcuts')} title={t('title')}>
      <div className={styles.groups}>
        {COMMAND_GROUPS.map((group) => (
          <Group key={group} group={group} />
        ))}
      </div>
    </Dialog>
  )
}

function Group({ group }: { readonly group: CommandGroup }) {
  const { t } = useTranslation('shortcuts')
  const lines = useLines(group)
  return (
    <section className={styles.group}>
      <h3 className={styles.heading}>{t(`group.${group}`)}</h3>
      <dl className={styles.lines}>
        {lines.map(({ id, text, keys }) => (
          <div key={id} className={styles.line}>
            <dt>{text}</dt>
            <dd className={styles.keys}>
              {keys.map((combination, index) => (
                <span key={combination} className={styles.combination}>
                  {index > 0 && <span className={styles.to}>{t('to')}</span>}
                  <KeyHint keys={combination} />
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** Conversation 1 to 9 share a line, and the keys of the composer follow its setting. */
function useLines(group: CommandGroup): readonly Line[] {
  const { t } = useTranslation('shortcuts')
  const sendKey = useSetting((settings) => settings.sendKey)
  const lines: Line[] = []
  for (const { id, group: itsGroup, keys } of COMMANDS) {
    if (itsGroup !== group || keys === null || !isNamed(id)) continue
    const all = id === 'conversation-1' ? [keys, 'Mod+9'] : [keys]
    lines.push({ id, text: t(`command.${id}`), keys: all })
  }
  if (group === 'messages') {
    const [send, newLine] = sendKey === 'enter' ? ['Enter', 'Shift+Enter'] : ['Mod+Enter', 'Enter']
    lines.push({ id: 'send', text: t('command.send'), keys: [send] })
    lines.push({ id: 'new-line', text: t('command.new-line'), keys: [newLine] })
  }
  return lines
}
