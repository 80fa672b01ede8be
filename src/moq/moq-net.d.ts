/**
 * The part of `@moq/net` 0.3.4 that this room uses. The package's own declarations import each other without file
 * extensions, which `moduleResolution: nodenext` does not resolve, so that everything of it would be `any`.
 */
declare module '@moq/net' {
  export namespace Path {
    type Valid = string & { readonly __brand: 'Name' }
    function from(...paths: string[]): Valid
    function join(path: Valid, other: Valid): Valid
    function empty(): Valid
  }

  export namespace Time {
    /** Rescaled on the wire; opaque to us. */
    type Timestamp = { readonly __brand: 'Timestamp' }
  }

  export namespace Group {
    interface Frame {
      readonly payload: Uint8Array
      readonly timestamp: Time.Timestamp
    }

    interface Consumer {
      readonly sequence: number
      readFrame(): Promise<Frame | undefined>
      close(abort?: Error): void
    }
  }

  export namespace Track {
    interface Info {
      readonly latencyMax: number
      readonly priority: number
      readonly ordered: boolean
    }

    interface Subscription {
      readonly priority?: number
      readonly ordered?: boolean
      readonly latencyMax?: number
      readonly startGroup?: number
      readonly endGroup?: number
    }

    interface FetchGroupOptions {
      readonly priority?: number
    }

    interface Producer {
      /** Appends the value as a group of one frame. */
      writeJson(json: unknown): void
      writeString(text: string): void
      close(abort?: Error): void
    }

    interface Subscriber {
      /** Rejects when the track ends before its properties are known. */
      info(): Promise<Info>
      readonly closed: Settled
      /** Every group once, as it comes; `undefined` at the end. Rejects when the track is aborted. */
      recvGroup(): Promise<Group.Consumer | undefined>
      close(abort?: Error): void
    }

    interface Consumer {
      subscribe(options?: Subscription): Subscriber
    }

    /** Settles once: `null` on a clean end, or the error. */
    type Settled = PromiseLike<Error | null> & { peek(): Error | null | undefined }
  }

  export namespace Broadcast {
    class Producer {
      readonly closed: Track.Settled
      createTrack(name: string, info?: Partial<Track.Info>): Track.Producer
      subscribe(name: string, options?: Track.Subscription): Track.Subscriber
      resolveTrackInfo(name: string): Promise<Track.Info>
      fetchGroup(name: string, sequence: number, options?: Track.FetchGroupOptions): Promise<Group.Consumer>
      close(abort?: Error): void
    }

    interface Consumer {
      track(name: string): Track.Consumer
      subscribe(name: string, options?: Track.Subscription): Track.Subscriber
      fetchGroup(name: string, sequence: number, options?: Track.FetchGroupOptions): Promise<Group.Consumer>
      close(abort?: Error): void
    }
  }

  export namespace Announce {
    interface Event {
      /** Relative to the prefix that was asked for. */
      readonly path: Path.Valid
      readonly active: boolean
    }

    interface Consumer {
      next(): Promise<Event | undefined>
      close(abort?: Error): void
    }
  }

  export namespace Connection {
    interface Established {
      /** The negotiated version, e.g. `moq-lite-05` or `moq-transport-16`. */
      readonly version: string
      announced(prefix?: Path.Valid): Announce.Consumer
      /** @throws when the session has ended. */
      publish(path: Path.Valid, broadcast: Broadcast.Producer): void
      consume(path: Path.Valid): Broadcast.Consumer
      close(): void
    }

    interface ConnectProps {
      readonly transport: WebTransport
      readonly discovery?: boolean
      readonly signal?: AbortSignal
    }

    function connect(url: URL, props: ConnectProps): Promise<Established>
    function accept(transport: WebTransport, url: URL): Promise<Established>
  }
}
