// Node 20 reads no TypeScript in threads: this one is given the loader that the benchmark itself runs with.
import { register } from 'tsx/esm/api'

register()
await import('../src/broker/advertisement-thread/advertisement-worker.ts')
