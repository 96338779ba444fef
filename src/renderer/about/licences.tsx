import { useTranslation } from 'react-i18next'
import type { AboutView } from '#ipc/views.ts'
import styles from './about.module.css'

/** Every package that ships with Sotto, with its licence. */
export function Licences({ licences }: { readonly licences: AboutView['licences'] }) {
  const { t } = useTranslation('settings')
  return (
    <details className={styles.licences}>
      <summary>{t('about.licencesCount', { count: licences.length })}</summary>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('about.package')}</th>
            <th scope="col">{t('about.packageVersion')}</th>
            <th scope="col">{t('about.packageLicence')}</th>
          </tr>
        </thead>
        <tbody>
          {licences.map(({ name, version, licence }) => (
            <tr key={`${name}@${version}`}>
              <th scope="row">{name}</th>
              <td>{version}</td>
              <td>{licence}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
