/** Made at build time from the lockfile, see `tools/licences-plugin.ts`. */
declare module 'virtual:licences' {
  export const licences: {
    readonly name: string
    readonly version: string
    readonly licence: string
  }[]
}
