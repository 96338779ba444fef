import { relayCommand } from './command.ts'

// Said explicitly, since in a process of Electron's the arguments would be counted otherwise.
await relayCommand().parseAsync(process.argv.slice(2), { from: 'user' })
