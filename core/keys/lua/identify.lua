-- Return what is known of a key, by its id or by a session that was opened with it, and whose a
-- record is: {fields and values, owner}.
-- ARGV: what all keys of Redis begin with, 'key' or 'session', id of the key or digest of the
--       session, job, batch or upload whose owner is wanted, as kind:id (empty: none).
local id = ARGV[3]
if ARGV[2] == 'session' then id = redis.call('GET', ARGV[1] .. ':session:' .. id) end
local known = id and redis.call('HGETALL', ARGV[1] .. ':key:' .. id) or {}
local owner = ARGV[4] ~= '' and redis.call('HGET', ARGV[1] .. ':' .. ARGV[4], 'owner')
return {known, owner or ''}
