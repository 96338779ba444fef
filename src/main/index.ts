import { app } from 'electron'
import { startApp } from './app-lifecycle.ts'
import { parseLaunchArguments } from './launch-arguments.ts'

const launch = parseLaunchArguments(process.argv.slice(1))
if (launch === null) {
  process.stderr.write('A profile name has 1 to 32 letters, digits, dashes and underscores.\n')
  app.exit(2)
} else {
  startApp(launch)
}
