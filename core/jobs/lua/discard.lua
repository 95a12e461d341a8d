-- Forget a job that was recorded but could not be queued, if no worker has started it.
-- KEYS: job, index of all jobs, index of queued jobs, record of the idempotency key.  ARGV: id.
if redis.call('HGET', KEYS[1], 'attempt') ~= '0' then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('HGET', KEYS[4], 'job') == ARGV[1] then redis.call('DEL', KEYS[4]) end
return 1
