// Type-checks every folder with its own tsconfig, so that each sees only the libraries of the runtime it runs in.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const projects = ['tsconfig.json', ...globSync('{src/*,test,bench,tools}/tsconfig.json').toSorted()]
const failed = projects.filter((project) => {
  const { status } = spawnSync('tsc', ['-p', project], { stdio: 'inherit' })
  return status !== 0
})
console.log(
  failed.length === 0
    ? `types: ${projects.length} projects are sound`
    : `types: errors in ${failed.join(', ')}`,
)
process.exitCode = failed.length === 0 ? 0 : 1
