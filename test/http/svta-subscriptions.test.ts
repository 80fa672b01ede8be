import { describe, expect, it } from 'vitest'
import { countries, delivery } from '../federation/contributors.ts'
import { federationWorld, NARROW_TOKEN, PEER_TOKEN } from '../support/federation-world.ts'
import { FrontApi, problemIn, textOf } from './front-api.ts'

const PATH = '/OC/FCI/subscription'
const TARGET = 'https://up.example/oc/updates'

async function start() {
  const world = await federationWorld()
  return { world, api: new FrontApi({ federation: world.service }) }
}

describe('GET /OC/FCI/advertisement', () => {
  it('is the advertisement without a payload type, as SVTA has it', async () => {
    const { api } = await start()
    const answer = await api.send('GET', '/OC/FCI/advertisement', { key: PEER_TOKEN })
    expect(answer.headers.get('content-type')).toBe('application/cdni')
    expect(answer.json['capabilities']).toEqual([delivery(countries('de', 'fr'))])
    const etag = answer.headers.get('etag') ?? ''
    const again = await api.send('GET', '/OC/FCI/advertisement', {
      key: PEER_TOKEN,
      headers: { 'if-none-match': etag },
    })
    expect(again.status).toBe(304)
  })

  it('is refused to a peer whose contract is for another profile', async () => {
    const { api } = await start()
    const answer = await api.send('GET', '/OC/FCI/advertisement', { key: NARROW_TOKEN })
    expect(problemIn(answer)).toMatchObject({ status: 403, kind: 'forbidden' })
  })

  it('is found by the bootstrap document', async () => {
    const { api } = await start()
    const answer = await api.send('GET', '/OC/bootstrap/bootstrap', { key: PEER_TOKEN })
    expect(answer.json).toEqual({ fci: [{ number: '1.0.0', url: 'https://broker.example/OC/FCI' }] })
  })
})

describe('/OC/FCI/subscription', () => {
  const create = (api: FrontApi, target: string, key = PEER_TOKEN) =>
    api.send('POST', PATH, { key, json: { notificationTarget: target, notificationType: 'fci' } })

  it('is made, read and deleted by its peer', async () => {
    const { api } = await start()
    const made = await create(api, TARGET)
    expect(made.status).toBe(201)
    const id = textOf(made.json['id'])
    expect(made.headers.get('location')).toBe(`https://broker.example${PATH}/${id}`)
    const read = await api.send('GET', `${PATH}/${id}`, { key: PEER_TOKEN })
    expect(read.json).toEqual(made.json)
    expect(read.json).toMatchObject({ notificationTarget: TARGET, notificationType: 'fci' })
    expect((await api.send('DELETE', `${PATH}/${id}`, { key: PEER_TOKEN })).status).toBe(204)
    expect((await api.send('DELETE', `${PATH}/${id}`, { key: PEER_TOKEN })).status).toBe(404)
    expect((await api.send('GET', `${PATH}/${id}`, { key: PEER_TOKEN })).status).toBe(404)
  })

  it('is the same when it is made twice, so that a lost answer costs nothing', async () => {
    const { api } = await start()
    const [first, second] = [await create(api, TARGET), await create(api, TARGET)]
    expect(second.json).toEqual(first.json)
  })

  it.each([
    'https://evil.example/',
    'http://up.example/',
    'https://up.example:444/',
    'https://up.example.evil.example/',
    'https://user:pass@up.example/',
    'https://up.example/#x',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'up.example',
  ])('may not go to %s', async (target) => {
    const { api } = await start()
    expect(problemIn(await create(api, target))).toEqual({
      status: 400,
      kind: 'invalid-request',
      places: ['/notificationTarget'],
    })
  })

  it('is there so often and no oftener for one peer', async () => {
    const { api } = await start()
    await create(api, `${TARGET}/1`)
    await create(api, `${TARGET}/2`)
    expect(problemIn(await create(api, `${TARGET}/3`))).toMatchObject({ status: 429, kind: 'too-many-requests' })
    expect((await create(api, `${TARGET}/2`)).status).toBe(201)
  })

  it('is for peers only', async () => {
    const { api } = await start()
    expect(problemIn(await create(api, TARGET, 'mqb_admin'))).toMatchObject({ status: 403, kind: 'forbidden' })
  })

  it('is read from application/cdni too, and from nothing else', async () => {
    const { api } = await start()
    const body = JSON.stringify({ notificationTarget: TARGET })
    const send = (type: string) => api.send('POST', PATH, { key: PEER_TOKEN, body, headers: { 'content-type': type } })
    expect((await send('application/cdni')).status).toBe(201)
    expect((await send('text/plain')).status).toBe(415)
  })
})
