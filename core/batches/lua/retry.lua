-- Have the failed keys of a batch tried again, and its expansion go on if that failed; returns
-- 'again', or the state it is in, or nothing if there is none.  ARGV: id.
local id, record = ARGV[2], batch_key(ARGV[2])
if field(id, 'state') ~= 'failed' or not field(id, 'finished') then return field(id, 'state') end
redis.call('HDEL', record, 'finished', 'error', 'report', 'expanded')
-- Only parts of now, and of what no part has: later ones have keys that were tried again already.
local parts = redis.call('LLEN', batch_key(id, 'parts')) + math.ceil(unwritten(id) / PART)
redis.call('HSET', record, 'state', 'expanding', 'retrying', '0', 'retry_to', parts)
redis.call('ZREM', FINISHED, id)
attend(id)
return 'again'
