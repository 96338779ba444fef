/** What Electron's command line asks for. */
export interface LaunchArguments {
  /** The app: a folder with a package.json, or a script. Absent: the working directory. */
  readonly target: string | undefined
  /** Scripts of `-r` / `--require`, in order. */
  readonly preloads: readonly string[]
  /** `--name=value` switches; an empty value for a bare `--name`. */
  readonly switches: ReadonlyMap<string, string>
}

/** Reads Electron's command line as Electron does: the first argument that is no switch names the app. */
export function parseLaunchArguments(args: readonly string[]): LaunchArguments {
  const preloads: string[] = []
  const switches = new Map<string, string>()
  let target: string | undefined
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '-r' || arg === '--require') {
      const script = args[++i]
      if (script === undefined) throw new RangeError(`${arg} needs a script`)
      preloads.push(script)
    } else if (arg.startsWith('--') && arg.length > 2) {
      const [name = '', ...value] = arg.slice(2).split('=')
      switches.set(name, value.join('='))
    } else if (target === undefined && arg !== '--') {
      target = arg
    }
  }
  return { target, preloads, switches }
}
