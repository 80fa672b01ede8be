import './runtime-polyfills.ts'

import type Session from '@moq/qmux'

/**
 * A qmux session whose bidirectional streams notice their end without being read.
 *
 * `@moq/net` watches `reader.closed` of streams on which it expects nothing more, to learn that a subscription or a
 * track is over. qmux delivers a FIN only to a pending read, so on several MoQ versions it would never learn it.
 * Reading one chunk ahead makes the end visible.
 */
export function eagerTransport(session: Session): WebTransport & { readonly protocol: string } {
  const { ready, closed, datagrams, incomingUnidirectionalStreams } = session
  const incomingBidirectionalStreams = session.incomingBidirectionalStreams.pipeThrough(
    new TransformStream<WebTransportBidirectionalStream, WebTransportBidirectionalStream>({
      transform: (stream, controller) => controller.enqueue(readAhead(stream)),
    }),
  )
  return {
    ready,
    closed,
    datagrams,
    incomingUnidirectionalStreams,
    incomingBidirectionalStreams,
    get protocol() {
      return session.protocol
    },
    createBidirectionalStream: async (options) => readAhead(await session.createBidirectionalStream(options)),
    createUnidirectionalStream: (options) => session.createUnidirectionalStream(options),
    close: (info) => session.close(info),
  }
}

function readAhead({ readable, writable }: WebTransportBidirectionalStream): WebTransportBidirectionalStream {
  return { readable: readable.pipeThrough(new TransformStream<Uint8Array, Uint8Array>()), writable }
}
