import { onTestFinished } from 'vitest'
import { serveHttp } from '../../src/broker/http/server.ts'
import { FrontApi } from '../http/front-api.ts'

/** The front API on services in memory, listening on loopback until the test has finished. */
export async function startFrontApi(): Promise<{ readonly api: FrontApi; readonly url: string }> {
  const api = new FrontApi()
  const server = await serveHttp(api.app, { host: '127.0.0.1', port: 0, requestId: () => 'unread' })
  onTestFinished(() => server.close(0))
  return { api, url: server.url }
}
