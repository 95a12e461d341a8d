-- Record a new job as queued; returns the milliseconds of its creation.
-- KEYS: job, index of all jobs, index of queued jobs.  ARGV: id, spec.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'state', 'queued', 'attempt', 0, 'spec', ARGV[2], 'created', now)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return now
