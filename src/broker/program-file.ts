/** Programs that run beside the broker in processes and threads of their own, by their path below `src` and `dist`. */
export type Program =
  | 'broker/advertisement-thread/advertisement-worker'
  | 'broker/cli/dns-worker-main'
  | 'broker/coverage/coverage-worker'
  | 'broker/footprint-sources/source-worker'
  | 'lab/main'

/** Where its file is: the built program beside built code, the source beside the source. */
export function programFile(program: Program): URL {
  // Built code lies in `dist/chunks/`, as deep as this file.
  return new URL(`../${program}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}
