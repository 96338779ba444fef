export { startKeyring, WITHOUT_KEYRING, type Keyring } from '../../../tools/keyring.ts'
