import {
  isSyntaxNode,
  moduleReferences,
  resolveReference,
  type SourceFile,
  type SyntaxNode,
} from './architecture-source.ts'
import { type Violation, violationAt } from './architecture-violation.ts'

/** Which rooms each room may import besides itself (`docs/architecture.md`, rooms and directions). */
export const ROOM_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  fci: [],
  routing: ['fci'],
  moq: [],
  adapters: ['moq'],
  lab: ['fci', 'moq'],
  federation: ['fci', 'routing'],
  broker: ['fci', 'routing', 'moq', 'adapters', 'lab', 'federation'],
}

/** Packages that only the named rooms may import. */
export const PACKAGE_ROOMS: readonly { readonly packages: RegExp; readonly rooms: readonly string[] }[] = [
  { packages: /^(?:hono|@hono\/[^/]+)(?:\/|$)/, rooms: ['broker', 'lab'] },
  { packages: /^(?:ioredis|prom-client|pino|commander)(?:\/|$)/, rooms: ['broker'] },
]

const ADAPTER_REGISTRY = 'src/adapters/registry.ts'

/** The room of a path below `src`, or `undefined` outside every room. */
export function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

/** The folder of one kind of adapter that a path lies in, such as `src/adapters/cloudflare/`. */
function adapterFolder(path: string): string | undefined {
  return /^src\/adapters\/[^/]+\//.exec(path)?.[0]
}

/** Files of `src` that lie in no known room. */
export function checkRooms(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => !Object.hasOwn(ROOM_IMPORTS, roomOf(path) ?? ''))
    .map((file) => violationAt(file, 'room', 0, 'lies in no room of docs/architecture.md'))
}

/** References from one room to another against the direction, or out of `src`. */
export function checkDirections(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) =>
    moduleReferences(file).flatMap(({ specifier, start }) => {
      const target = resolveReference(file.path, specifier)
      if (target === undefined) return []
      const from = roomOf(file.path) ?? ''
      const to = roomOf(target)
      if (to === from || (to !== undefined && ROOM_IMPORTS[from]?.includes(to))) return []
      return [violationAt(file, 'direction', start, `${from} must not import ${target}`)]
    }),
  )
}

/** Kinds of adapter that anything but the registry knows. */
export function checkAdapterKinds(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => path !== ADAPTER_REGISTRY)
    .flatMap((file) =>
      moduleReferences(file).flatMap(({ specifier, start }) => {
        const kind = adapterFolder(resolveReference(file.path, specifier) ?? '')
        if (kind === undefined || file.path.startsWith(kind)) return []
        return [violationAt(file, 'adapter-kind', start, `only ${ADAPTER_REGISTRY} may import from ${kind}`)]
      }),
    )
}

/** Packages imported outside the rooms that own them. */
export function checkPackages(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) =>
    moduleReferences(file).flatMap(({ specifier, start }) => {
      const owner = PACKAGE_ROOMS.find(({ packages }) => packages.test(specifier))
      if (owner === undefined || owner.rooms.includes(roomOf(file.path) ?? '')) return []
      return [violationAt(file, 'package', start, `${specifier} belongs to ${owner.rooms.join(' and ')}`)]
    }),
  )
}

/** Files that hand on other files' exports: `export *`, or nothing but `export … from`. */
export function checkBarrels(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) => {
    const all = file.nodes.find(({ type }) => type === 'ExportAllDeclaration')
    if (all !== undefined) return [violationAt(file, 'barrel', all.start, 'export * hides where a name lives')]
    const body: readonly unknown[] = Array.isArray(file.nodes[0]?.['body']) ? file.nodes[0]['body'] : []
    const statements = body.filter(isSyntaxNode).filter(({ type }) => type !== 'ImportDeclaration')
    return statements.length > 0 && statements.every(isHandedOn)
      ? [violationAt(file, 'barrel', 0, 'the file only hands on what other files export')]
      : []
  })
}

function isHandedOn(statement: SyntaxNode): boolean {
  return statement.type === 'ExportNamedDeclaration' && !isSyntaxNode(statement['declaration'])
}
