-- Queue a failed or canceled job again; returns 'again' and its attempts so far, or why not: 'full',
-- 'batch' for a job of a batch, its state, or nothing if there is none.
-- ARGV: id, most queued (0: no limit).
local id, most = ARGV[2], tonumber(ARGV[3])
local state = get(id, 'state')
if batch_of(id) then return {'batch', ''} end
if state ~= 'failed' and state ~= 'canceled' then return {state, ''} end
if most > 0 and waiting() >= most then return {'full', ''} end
delist_code(id)
redis.call('ZREM', ENDED, id)
redis.call('HDEL', job_key(id), 'error', 'finished', 'started')
move(id, 'queued')
redis.call('HSET', job_key(id), 'published', NOW)
redis.call('ZADD', DUE, NOW + RESEND_MS, id)
return {'again', get(id, 'attempt')}
