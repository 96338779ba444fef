import { buildIfOutdated } from '../../../tools/build.ts'

/** The specs drive what is built: it is built first where the source is newer. */
// oxlint-disable-next-line import/no-default-export -- Playwright's global set-up is one.
export default async function build(): Promise<void> {
  await buildIfOutdated(() => process.stdout.write('Building Sotto…\n'))
}
