import { buildIfOutdated } from '../../../tools/build.ts'

/** The specs drive what is built: it is built first where the source is newer. */
export default async function build(): Promise<void> {
  await buildIfOutdated(() => console.log('Building Sotto…'))
}
