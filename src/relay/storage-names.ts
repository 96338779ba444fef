/** What a relay's database knows about who may still take a name. */
export interface NameStorage {
  /**
   * Whether a name could be registered now. The registration decides in its own transaction.
   * @returns `looks-taken` where another account's name has the same skeleton (`nameSkeleton`).
   */
  nameState(name: string): Promise<'free' | 'taken' | 'looks-taken'>
}
