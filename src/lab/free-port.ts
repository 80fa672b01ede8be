import { createServer, type Server } from 'node:net'

/** A port held open until it is released, so that nobody else is given it meanwhile. */
interface HeldPort {
  readonly port: number
  release(): Promise<void>
}

/**
 * A free port for each preferred one: itself where it is free, else any. A preference of 0 is any.
 *
 * @throws Error where the host has no free port at all.
 */
export async function chooseFreePorts(host: string, preferred: readonly number[]): Promise<readonly number[]> {
  const held: HeldPort[] = []
  try {
    for (const port of preferred) held.push((await holdPort(host, port)) ?? (await holdAnyPort(host)))
    return held.map(({ port }) => port)
  } finally {
    await Promise.all(held.map((one) => one.release()))
  }
}

/** Whether somebody could listen there now. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  const held = await holdPort(host, port)
  await held?.release()
  return held !== undefined
}

async function holdAnyPort(host: string): Promise<HeldPort> {
  const held = await holdPort(host, 0)
  if (held === undefined) throw new Error(`no port is free on ${host}`)
  return held
}

function holdPort(host: string, port: number): Promise<HeldPort | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, host, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return resolve(undefined)
      resolve({ port: address.port, release: () => close(server) })
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
