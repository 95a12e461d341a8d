-- Start an attempt: returns its fencing token, or 0 if the job must not run.
-- KEYS: job, index of queued jobs, of running jobs, of failed jobs.
-- ARGV: id, attempts allowed, error to record when they are used up.
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'queued' and state ~= 'running' then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREM', state == 'queued' and KEYS[2] or KEYS[3], ARGV[1])
if tonumber(redis.call('HGET', KEYS[1], 'attempt')) >= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'state', 'failed', 'error', ARGV[3], 'finished', now)
  redis.call('ZADD', KEYS[4], 0, ARGV[1])
  return 0
end
redis.call('HSET', KEYS[1], 'state', 'running', 'started', now)
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return redis.call('HINCRBY', KEYS[1], 'attempt', 1)
