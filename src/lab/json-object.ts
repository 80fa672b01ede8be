/** A JSON object on its way to the wire. */
export type JsonObject = Readonly<Record<string, unknown>>
