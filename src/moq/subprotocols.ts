/**
 * MoQ versions as WebSocket subprotocols: `{qmux version}.{MoQ version}`. The registry of names is the one that
 * `@moq/net` and moq-relay use; older QMux framings without flow control are left out on purpose.
 */

const QMUX_VERSIONS = ['qmux-02', 'qmux-01', 'qmux-00'] as const

/** The MoQ versions that we speak, preferred first. */
export const MOQ_VERSIONS = [
  'moq-lite-05',
  'moq-lite-04',
  'moq-lite-03',
  'moqt-20',
  'moqt-19',
  'moqt-18',
  'moqt-17',
  'moqt-16',
  'moqt-15',
] as const

export type MoqVersion = (typeof MOQ_VERSIONS)[number]

/** The `Sec-WebSocket-Protocol` values a client offers for `versions`, preferred first. */
export function offeredSubprotocols(versions: readonly MoqVersion[]): string[] {
  return versions.flatMap((version) => QMUX_VERSIONS.map((qmux) => `${qmux}.${version}`))
}

/** The value a server accepts from a client's `Sec-WebSocket-Protocol` header: the first of ours that it offers. */
export function acceptedSubprotocol(header: string | undefined): string | undefined {
  const offered = new Set((header ?? '').split(',').map((name) => name.trim()))
  return offeredSubprotocols(MOQ_VERSIONS).find((name) => offered.has(name))
}
