/** Beyond, the collector is made to look. */
const MAX_UNSEEN_BYTES = 256 * 1024 * 1024
/** Enough for V8 to start marking, which it then does beside the event loop. */
const PRESSURE_BYTES = 96 * 1024 * 1024

/**
 * V8 does not count memory that threads share: maps that nobody holds any more would pile up until something else makes
 * it collect. Told of each map, this counts what has not been collected yet, and beyond a limit allocates memory that V8
 * counts, of which no page is ever touched.
 *
 * @returns what is to be told of each map: its object and its bytes.
 */
export function watchSharedGarbage(limit = MAX_UNSEEN_BYTES): (map: object, bytes: number) => void {
  let unseen = 0
  const registry = new FinalizationRegistry<number>((bytes) => {
    unseen -= bytes
  })
  return (map, bytes) => {
    unseen += bytes
    registry.register(map, bytes)
    if (unseen > limit) pressCollector()
  }
}

function pressCollector(): number {
  return new ArrayBuffer(PRESSURE_BYTES).byteLength
}
