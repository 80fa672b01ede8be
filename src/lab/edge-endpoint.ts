import type { LabApp } from './http-listener.ts'

/** Where the CDN's HTTP edge is, on the listener of its advertisement; also the path prefix of redirects to it. */
export const EDGE_PATH = '/edge/'

/** An edge that has everything: it answers which CDN it belongs to and what was asked for. */
export function addEdgeEndpoint(app: LabApp, name: string): void {
  app.get(`${EDGE_PATH}*`, (c) => {
    const { pathname, search } = new URL(c.req.url)
    return c.text(`${name} serves ${pathname.slice(EDGE_PATH.length - 1)}${search}\n`, 200, {
      'access-control-allow-origin': '*',
      'cache-control': 'no-store',
    })
  })
}
