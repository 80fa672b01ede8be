/** A geo file that must not be used; the one in use so far stays. */
export class GeoFileError extends Error {
  readonly path: string

  constructor(path: string, why: string, cause?: unknown) {
    super(`cannot use the geo file ${path}: ${why}`, cause === undefined ? {} : { cause })
    this.name = 'GeoFileError'
    this.path = path
  }
}
