import { relayCommand } from './command.ts'

await relayCommand().parseAsync()
