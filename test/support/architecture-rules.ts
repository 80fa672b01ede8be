import { checkAmbientReads, checkConsole, checkLocations } from './architecture-ambient.ts'
import { checkAdapterKinds, checkBarrels, checkDirections, checkPackages, checkRooms } from './architecture-imports.ts'
import { readSources } from './architecture-source.ts'
import {
  checkAssertions,
  checkConformanceNames,
  checkFileLengths,
  checkFileNames,
  checkLeftOutTests,
  checkSuppressions,
} from './architecture-text.ts'
import type { Violation } from './architecture-violation.ts'

const STORE_NAMES = ['redis', 'leveldb', 'classic-level']

/** Every broken rule of the tree below `root`: its `src`, `test` and `bench` folders. */
export function checkArchitecture(root: string): readonly Violation[] {
  const src = readSources(root, 'src')
  const test = readSources(root, 'test')
  const everything = [...src, ...test, ...readSources(root, 'bench')]
  const adapterNames = src.flatMap(({ path }) => /^src\/adapters\/([^/]+)\//.exec(path)?.[1] ?? [])
  return [
    ...checkRooms(src),
    ...checkDirections(src),
    ...checkAdapterKinds(src),
    ...checkPackages(src),
    ...checkBarrels(everything),
    ...checkAmbientReads(src),
    ...checkConsole(src),
    ...checkLocations(src),
    ...checkAssertions(src),
    ...checkFileNames(everything),
    ...checkFileLengths(everything),
    ...checkSuppressions(everything),
    ...checkLeftOutTests(test),
    ...checkConformanceNames(test, [...STORE_NAMES, ...adapterNames]),
  ]
}
