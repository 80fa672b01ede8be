// `npm run build`: makes few files in `dist` of `src` and of the packages that it needs. Node takes about a millisecond
// for each module that it loads, there are some 800, and `npm start` starts four processes. Types are not checked here.
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const DIST = resolve(ROOT, 'dist')
const COMMAND = 'src/broker/cli/main.ts'

/** What is started by its path: see `src/broker/program-file.ts`. */
const PROGRAMS = [
  COMMAND,
  'src/broker/advertisement-thread/advertisement-worker.ts',
  'src/broker/cli/dns-worker-main.ts',
  'src/broker/coverage/coverage-worker.ts',
  'src/broker/footprint-sources/source-worker.ts',
  'src/lab/main.ts',
]

/** Of the fifty languages that zod speaks, only English is used, and they are half of its code. */
const englishOnly = {
  name: 'english-only',
  /** @param {import('esbuild').PluginBuild} plugin */
  setup(plugin) {
    plugin.onResolve({ filter: /\/locales\/index\.js$/ }, ({ importer, resolveDir }) =>
      importer.includes('/node_modules/zod/') ? { path: resolve(resolveDir, '../locales/en.js') } : undefined,
    )
  },
}

/** Packages that load files of their own: native code, threads, one file for each language. */
const LOADED_FROM_THEIR_FOLDERS = ['classic-level', 'i18n-iso-countries', 'pino']

/** Packages that must be told apart from our own code: see `src/moq/library-console.ts`. */
const APART = ['@moq/net', '@moq/qmux']
/** Where Node finds those from `dist`, before it looks into the packages that npm has installed. */
const APART_FOLDER = resolve(DIST, 'node_modules')

/** @satisfies {import('esbuild').BuildOptions} */
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  plugins: [englishOnly],
  // Nothing is shortened, so that a stack trace can be read; `node --enable-source-maps` gives places in `src`.
  minify: false,
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
}

const { metafile: programs } = await build({
  ...COMMON,
  entryPoints: PROGRAMS,
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  external: [...LOADED_FROM_THEIR_FOLDERS, ...APART],
  // CommonJS packages ask for Node's own modules by this name.
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url)",
  },
})
const { metafile: apart } = await build({
  ...COMMON,
  entryPoints: APART.map((name) => ({ in: name, out: `${name}/index` })),
  outdir: APART_FOLDER,
  chunkNames: `${APART[0]}/[name]-[hash]`,
})
const metafile = {
  inputs: { ...programs.inputs, ...apart.inputs },
  outputs: { ...programs.outputs, ...apart.outputs },
}
/** @type {string[]} */
const written = []
for (const name of APART) {
  const path = resolve(APART_FOLDER, name, 'package.json')
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, JSON.stringify({ type: 'module', exports: './index.js' }))
  written.push(path)
}

for (const { imports } of Object.values(metafile.inputs)) {
  for (const { kind, path } of imports) {
    if (kind !== 'dynamic-import' || metafile.inputs[path]?.format !== 'cjs') continue
    throw new Error(
      `import() of ${path} gives none of its names, for it is CommonJS: import() a file that imports them`,
    )
  }
}

// What each file was made of, for `test/e2e/loaded-modules.test.ts` and for whoever wonders.
const METAFILE = resolve(DIST, 'metafile.json')
await writeFile(METAFILE, JSON.stringify(metafile))

const built = new Set([METAFILE, ...written, ...Object.keys(metafile.outputs).map((path) => resolve(ROOT, path))])
for (const entry of await readdir(DIST, { recursive: true, withFileTypes: true })) {
  const path = resolve(entry.parentPath, entry.name)
  if (entry.isFile() && !built.has(path)) await rm(path)
}
await chmod(resolve(DIST, relative('src', COMMAND).replace(/ts$/, 'js')), 0o755)
