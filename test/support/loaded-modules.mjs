// With `node --import` of this file, the URL of every module that the program loads is a line in the file LOADED_MODULES.
import { appendFileSync } from 'node:fs'
import { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

// Node takes the hook below from this same file, in a thread of its own.
if (isMainThread) register(import.meta.url)

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  appendFileSync(process.env['LOADED_MODULES'] ?? '', `${url}\n`)
  return nextLoad(url, context)
}
