/** What a new account is made of, as the steps fill it in. */
export interface AccountDraft {
  readonly displayName: string
  readonly name: string
  /** Whether the name was typed, rather than made from the display name. */
  readonly nameTyped: boolean
  readonly relay: string
  readonly inviteCode: string
  /** The invite link that brought the person here; its contact is added once the account is there. */
  readonly invite: { readonly link: string; readonly address: string } | null
}

export const EMPTY_DRAFT: AccountDraft = {
  displayName: '',
  name: '',
  nameTyped: false,
  relay: '',
  inviteCode: '',
  invite: null,
}
