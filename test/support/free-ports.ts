import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems hand out by themselves, so that nobody is given one of these in the meantime. */
const [FIRST, END] = [20_000, 32_000]
const ATTEMPTS = 50

/** The first of `count` ports of 127.0.0.1 that follow each other and are free now, for programs that need fixed ones. */
export async function freePortBlock(count: number): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const first = randomInt(FIRST, END - count)
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every((one) => one)) return first
  }
  throw new Error(`found no ${count} free ports that follow each other from ${FIRST} to ${END}`)
}

/** The same for one port. */
export function freePort(): Promise<number> {
  return freePortBlock(1)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
