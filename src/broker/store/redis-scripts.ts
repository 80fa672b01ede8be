import { createHash } from 'node:crypto'
import type { RedisCommands } from './redis-connection.ts'

/** A Lua script, sent by its digest and in full only to a server that does not know it. */
export class RedisScript {
  readonly #lua: string
  readonly #digest: string

  constructor(lua: string) {
    this.#lua = lua
    this.#digest = createHash('sha1').update(lua).digest('hex')
  }

  async run(commands: RedisCommands, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await commands.evalsha(this.#digest, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return commands.eval(this.#lua, keys.length, ...keys, ...args)
    }
  }
}

export const COMMIT = new RedisScript(`
-- Checks every expectation, then makes every change: all or none. Redis refuses a script for want of memory or of the
-- right to write at its first write, so it never stops between two.
-- KEYS[1]    the lease that fences the commit; where none does, any key of the store
-- KEYS[2]    hash of the streams' last sequence numbers
-- KEYS[2i+1], KEYS[2i+2] of change i, from 1
--            put, delete: the record, the index of its collection; event: the stream, the same again
-- ARGV[1]    what the lease must hold, or '' where none fences the commit
-- ARGV[5i-3 .. 5i+1] of change i, from 1
--            put | delete | event; any | absent | a revision; milliseconds to live or ''; id, of an event the
--            stream's name; value
-- returns    {'ok', the revision of every put}, {'conflict', i, the revision found}, {'fenced'} or {'corrupt', i}
if ARGV[1] ~= '' and redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local count = (#ARGV - 1) / 5
local result = {'ok'}
local revisions = {}
for i = 1, count do
  local at = 5 * i - 3
  if ARGV[at] ~= 'event' then
    local key, expect = KEYS[2 * i + 1], ARGV[at + 1]
    local revision = revisions[key]
    if revision == nil then
      local header = redis.call('GETRANGE', key, 0, 16)
      revision = header == '' and 0 or tonumber(string.match(header, '^(%d+):'))
      if revision == nil then return {'corrupt', i} end
    end
    if (expect == 'absent' and revision ~= 0) or (tonumber(expect) and revision ~= tonumber(expect)) then
      return {'conflict', i, revision}
    end
    if ARGV[at] == 'put' then
      revisions[key] = revision + 1
      result[#result + 1] = revision + 1
    else
      revisions[key] = 0
    end
  end
end
local puts = 1
for i = 1, count do
  local at = 5 * i - 3
  local key, index, id, value = KEYS[2 * i + 1], KEYS[2 * i + 2], ARGV[at + 3], ARGV[at + 4]
  if ARGV[at] == 'event' then
    local sequence = redis.call('HINCRBY', KEYS[2], id, 1)
    redis.call('XADD', key, string.format('%d-0', sequence), 'v', value)
  elseif ARGV[at] == 'delete' then
    redis.call('DEL', key)
    redis.call('ZREM', index, id)
  else
    puts = puts + 1
    local record = string.format('%d:', result[puts]) .. value
    if ARGV[at + 2] == '' then
      redis.call('SET', key, record)
      redis.call('ZADD', index, 0, id)
    else
      redis.call('SET', key, record, 'PX', ARGV[at + 2])
      redis.call('ZREM', index, id)
    end
  end
end
return result
`)

export const LIST = new RedisScript(`
-- One page of a collection, as of one moment. The records' keys are made here, from the index: they have the hash tag
-- of KEYS[1], so they lie in the same slot.
-- KEYS[1]    the index of the collection
-- ARGV[1]    what the records' keys begin with
-- ARGV[2], ARGV[3] where to start and to stop, as ZRANGE BYLEX takes them
-- ARGV[4]    up | down
-- ARGV[5]    how many at most
-- returns    {id, record, id, record, ...}; a record that is missing is false
local ids
if ARGV[4] == 'down' then
  ids = redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[3], 'BYLEX', 'REV', 'LIMIT', 0, ARGV[5])
else
  ids = redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[3], 'BYLEX', 'LIMIT', 0, ARGV[5])
end
local page = {}
for i, id in ipairs(ids) do
  page[2 * i - 1] = id
  page[2 * i] = redis.call('GET', ARGV[1] .. id)
end
return page
`)

export const ACQUIRE_LEASE = new RedisScript(`
-- Takes a lease that is free or already the holder's.
-- KEYS[1]    the lease: 'token:holder', gone when it has run out
-- KEYS[2]    hash of the leases' last tokens
-- ARGV[1]    the lease's name
-- ARGV[2]    the holder
-- ARGV[3]    milliseconds to live
-- returns    the token, or 0 while another holder has it
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, string.find(held, ':', 1, true) + 1) ~= ARGV[2] then return 0 end
local token = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
redis.call('SET', KEYS[1], string.format('%d:', token) .. ARGV[2], 'PX', ARGV[3])
return token
`)

export const RENEW_LEASE = new RedisScript(`
-- Gives a lease a new time to live.
-- KEYS[1]    the lease
-- ARGV[1]    what it must hold: 'token:holder'
-- ARGV[2]    milliseconds to live
-- returns    1, or 0 when the lease was lost
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`)

export const RELEASE_LEASE = new RedisScript(`
-- Gives a lease up.
-- KEYS[1]    the lease
-- ARGV[1]    what it must hold: 'token:holder'
-- returns    1, or 0 when the lease was lost before
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`)
