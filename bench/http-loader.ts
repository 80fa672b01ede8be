import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { z } from 'zod'
import { quantile } from './statistics.ts'

/** One run of the loader, as JSON in its first argument. */
export const LoadOrder = z.object({
  port: z.int(),
  /** File with one path per line, taken in turn. */
  pathsFile: z.string(),
  header: z.string(),
  connections: z.int(),
  seconds: z.number(),
  /** Requests per second, whose latency counts from when they were due; absent: as fast as answers come. */
  rate: z.number().optional(),
  /** The status of a good answer. */
  status: z.int(),
})
export type LoadOrder = z.infer<typeof LoadOrder>

/** What came of it, the last line of its output. `halves`: of the first and the second half of the time. */
export const LoadResult = z.object({
  requests: z.int(),
  failed: z.int(),
  /** Different bodies of good answers, at most 100 counted. */
  bodies: z.int(),
  p99Ms: z.number(),
  halves: z.tuple([z.number(), z.number()]),
})
export type LoadResult = z.infer<typeof LoadResult>

/** Said when the first half is over. */
export const HALF = 'half'

const LENGTH = /\r\ncontent-length: (\d+)\r\n/i

class Loader {
  readonly #order: LoadOrder
  readonly #requests: readonly Buffer[]
  readonly #latencies: [number[], number[]] = [[], []]
  readonly #bodies = new Set<string>()
  readonly #idle: ((due: number) => void)[] = []
  readonly #waiting: number[] = []
  #next = 0
  #failed = 0
  #endAt = 0
  #halfAt = 0

  constructor(order: LoadOrder) {
    this.#order = order
    this.#requests = readFileSync(order.pathsFile, 'utf8')
      .split('\n')
      .filter((path) => path !== '')
      .map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench.example\r\n${order.header}\r\n\r\n`))
  }

  async run(): Promise<LoadResult> {
    const { connections, seconds, rate, port } = this.#order
    const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
    const start = performance.now()
    this.#halfAt = start + seconds * 500
    this.#endAt = start + seconds * 1000
    const half = setTimeout(() => process.stdout.write(`${HALF}\n`), seconds * 500)
    for (const socket of sockets) this.#serve(socket)
    if (rate !== undefined) await this.#pace(start, rate)
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(0, this.#endAt - performance.now()) + 200)
    })
    clearTimeout(half)
    for (const socket of sockets) socket.destroy()
    const [first, second] = this.#latencies
    return {
      requests: first.length + second.length,
      failed: this.#failed + this.#waiting.length,
      bodies: this.#bodies.size,
      p99Ms: quantile([...first, ...second], 0.99),
      halves: [quantile(first, 0.99), quantile(second, 0.99)],
    }
  }

  /** Gives out what is due, again and again, until the end. */
  async #pace(start: number, rate: number): Promise<void> {
    let given = 0
    while (performance.now() < this.#endAt) {
      const due = Math.floor(((performance.now() - start) / 1000) * rate)
      for (; given < due; given += 1) {
        const at = start + (given / rate) * 1000
        const free = this.#idle.pop()
        if (free === undefined) this.#waiting.push(at)
        else free(at)
      }
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }

  #serve(socket: Socket): void {
    let due = 0
    let held = ''
    const send = (at: number): void => {
      due = at
      const request = this.#requests[this.#next++ % this.#requests.length]
      if (request !== undefined) socket.write(request)
    }
    const go = (): void => {
      const now = performance.now()
      if (now >= this.#endAt) return
      if (this.#order.rate === undefined) send(now)
      else {
        const at = this.#waiting.shift()
        if (at === undefined) this.#idle.push(send)
        else send(at)
      }
    }
    socket.on('data', (chunk: Buffer) => {
      held += chunk.toString('latin1')
      const head = held.indexOf('\r\n\r\n')
      if (head === -1) return
      const end = head + 4 + Number(LENGTH.exec(held)?.[1] ?? 0)
      if (held.length < end) return
      this.#take(held, head + 4, due)
      held = held.slice(end)
      go()
    })
    socket.on('error', () => {
      this.#failed += 1
    })
    go()
  }

  #take(answer: string, bodyAt: number, due: number): void {
    const now = performance.now()
    this.#latencies[now < this.#halfAt ? 0 : 1].push(now - due)
    if (!answer.startsWith(`HTTP/1.1 ${this.#order.status} `)) this.#failed += 1
    else if (this.#bodies.size < 100) this.#bodies.add(answer.slice(bodyAt))
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve())
    socket.once('error', reject)
  })
  return socket
}

if (process.argv[1]?.endsWith('http-loader.ts') === true) {
  const result = await new Loader(LoadOrder.parse(JSON.parse(process.argv[2] ?? ''))).run()
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
