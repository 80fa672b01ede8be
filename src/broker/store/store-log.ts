/** Where a store reports what no caller would hear of. A pino logger fits. */
export interface StoreLog {
  warn(details: Readonly<Record<string, unknown>>, message: string): void
}
