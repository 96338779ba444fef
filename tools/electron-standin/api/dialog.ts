import { loud } from '../loud.ts'

function unanswered(name: string): () => never {
  return () => {
    throw new Error(`stand-in: no one is here to answer dialog.${name}: stub it in the test`)
  }
}

/** `dialog`. A test replaces these functions, on Electron and here alike. */
export const dialog = loud('dialog', {
  showOpenDialog: async (): Promise<unknown> => unanswered('showOpenDialog')(),
  showSaveDialog: async (): Promise<unknown> => unanswered('showSaveDialog')(),
  showMessageBox: async (): Promise<unknown> => unanswered('showMessageBox')(),
  showOpenDialogSync: unanswered('showOpenDialogSync'),
  showSaveDialogSync: unanswered('showSaveDialogSync'),
  showMessageBoxSync: unanswered('showMessageBoxSync'),
  showErrorBox: (title: string, content: string): void => console.error(`${title}\n${content}`),
})
