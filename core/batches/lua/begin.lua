-- Take a batch for one step: returns the token and how many steps in a row have not come to their
-- end, or nothing if there is nothing to do, another worker has it, or it is of a later version.
-- ARGV: id, milliseconds of the lease, jobs below which it wants more.
local id, lease = ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', batch_key(id)) == 0 or field(id, 'finished') then
  redis.call('ZREM', BATCHES_DUE, id)
  return {}
end
if tonumber(field(id, 'lease') or 0) > NOW then return {} end
if schema_of(batch_key(id)) > SCHEMA then
  redis.call('ZADD', BATCHES_DUE, NOW + NEWER_WAIT_MS, id)
  return {}
end
local token = redis.call('HINCRBY', batch_key(id), 'token', 1)
redis.call('HSET', batch_key(id), 'low', ARGV[4])
keeps(id, tostring(token), lease)
return {token, redis.call('HINCRBY', batch_key(id), 'strikes', 1)}
