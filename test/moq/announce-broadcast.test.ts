import { Broadcast, type Connection, Path } from '@moq/net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { announceBroadcast } from '../../src/moq/announce-broadcast.ts'

describe('announceBroadcast', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const connectionTo = (publish: Connection.Established['publish']): Connection.Established => ({
    version: 'moq-lite-05',
    publish,
    announced: () => expect.unreachable(),
    consume: () => expect.unreachable(),
    close: () => undefined,
  })

  it('publishes at once and once more, because the session may have missed the first time', () => {
    const publish = vi.fn<Connection.Established['publish']>()
    const broadcast = new Broadcast.Producer()
    announceBroadcast(connectionTo(publish), Path.from('live'), broadcast)
    expect(publish).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(10_000)
    expect(publish.mock.calls).toEqual([
      ['live', broadcast],
      ['live', broadcast],
    ])
  })

  it('does not bring back what has been withdrawn meanwhile', () => {
    const publish = vi.fn<Connection.Established['publish']>()
    const broadcast = new Broadcast.Producer()
    announceBroadcast(connectionTo(publish), Path.from('live'), broadcast)
    broadcast.close()
    vi.advanceTimersByTime(10_000)
    expect(publish).toHaveBeenCalledTimes(1)
  })

  it('does not mind a session that has ended', () => {
    const ended = connectionTo(() => {
      throw new Error('closed')
    })
    announceBroadcast(ended, Path.from('live'), new Broadcast.Producer())
    expect(() => vi.advanceTimersByTime(10_000)).not.toThrow()
  })
})
