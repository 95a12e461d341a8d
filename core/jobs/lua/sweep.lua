-- One pass of the sweep: ends leases that ran out, forgets old jobs, and returns the jobs to
-- publish again. Returns nothing while another sweeper is at work.
-- ARGV: sweeper, milliseconds that it is the only one, attempts allowed, milliseconds of the time
--       limit, error of a job whose workers died, error of a job that took too long, milliseconds
--       to keep ended jobs, most jobs of a kind to look at, then the priorities, each followed by
--       the number of its messages.
local SILENCE_MS, PATIENCE_MS = 3000, 4000
local me, most = ARGV[2], ARGV[9]
local lock = key('sweep')
local holder = redis.call('GET', lock)
if holder and holder ~= me then return false end
redis.call('SET', lock, me, 'PX', ARGV[3])

-- After a time in which nobody reached Redis, workers first get the chance to renew their leases.
local swept = tonumber(redis.call('GET', key('swept')) or NOW)
redis.call('SET', key('swept'), NOW)
if NOW - swept > SILENCE_MS then redis.call('SET', key('patience'), 1, 'PX', PATIENCE_MS) end
if redis.call('EXISTS', key('patience')) == 0 then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', NOW, 'LIMIT', 0, most)) do
    expire(id, tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7])
  end
end

local again = {}
local function publish(id)
  redis.call('HSET', job_key(id), 'published', NOW)
  again[#again + 1] = id
end

-- Waits that are over, and jobs that were recorded and perhaps never published. Until a worker
-- has started them they stay due.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', DUE, '-inf', NOW, 'LIMIT', 0, most)) do
  if get(id, 'state') == 'queued' then
    redis.call('ZADD', DUE, NOW + RESEND_MS, id)
    publish(id)
  else
    redis.call('ZREM', DUE, id)
  end
end

-- Messages that were lost: the jobs are still queued though others that came long after them have
-- started, or though hardly a message is left.
local SLACK_MS, FEW = 30000, 20
for i = 10, #ARGV, 2 do
  local front = tonumber(redis.call('HGET', key('front'), ARGV[i]) or 0)
  local waiting = key('jobs:queued:' .. ARGV[i])
  for _, id in ipairs(redis.call('ZRANGE', waiting, 0, most - 1)) do
    if get(id, 'state') ~= 'queued' then redis.call('ZREM', waiting, id) end
    local created = number(id, 'created')
    local passed = created < front - SLACK_MS or tonumber(ARGV[i + 1]) < FEW
    local quiet = NOW - math.max(created, number(id, 'published')) > RESEND_MS
    if created > 0 and passed and quiet and not redis.call('ZSCORE', DUE, id) then publish(id) end
  end
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', ENDED, '-inf', NOW - ARGV[8], 'LIMIT', 0, most)) do
  forget(id)
end
return again
