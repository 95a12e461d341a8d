-- Record a new job as queued; returns 'created' and the milliseconds of its creation, or why not:
-- 'known' and the id of the job that the same request made before, 'other' if the idempotency key
-- came with another request, 'full' if too many jobs are queued.
-- KEYS: job, index of all jobs, index of queued jobs, record of the idempotency key.
-- ARGV: id, spec, most queued (0: no limit), fingerprint of the request (empty: no key),
--       milliseconds that the key is remembered.
if ARGV[4] ~= '' then
  local known = redis.call('HMGET', KEYS[4], 'fingerprint', 'job')
  if known[1] then
    if known[1] == ARGV[4] then return {'known', known[2]} end
    return {'other', ''}
  end
end
local most = tonumber(ARGV[3])
if most > 0 and redis.call('ZCARD', KEYS[3]) >= most then return {'full', ''} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'state', 'queued', 'attempt', 0, 'spec', ARGV[2], 'created', now)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[4], 'fingerprint', ARGV[4], 'job', ARGV[1])
  redis.call('PEXPIRE', KEYS[4], ARGV[5])
end
return {'created', tostring(now)}
