/** Providers that a drill pretends to have lost. Read on every look-up: answers from memory. */
export interface DrillOverlay {
  /** The drill that took this provider out, or `undefined`. */
  drilled(provider: string): string | undefined
}
