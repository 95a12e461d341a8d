-- One pass of the sweep: ends leases that ran out, forgets old jobs, and returns the jobs to
-- publish again, each followed by the reason, and what is logged of those that it has ended. Returns
-- nothing while another sweeper is at work.
-- ARGV: sweeper, milliseconds that it is the only one, attempts allowed, milliseconds of the time
--       limit, error of a job whose workers died, error of a job that took too long, milliseconds
--       to keep ended jobs, most jobs of a kind to look at, messages that workers have taken,
--       messages about jobs that waited already, then those of each priority, counted just before.
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
local ended = {}
if redis.call('EXISTS', key('patience')) == 0 then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', NOW, 'LIMIT', 0, most)) do
    expire(id, tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7])
    if get(id, 'finished') then ended[#ended + 1] = about_end(id) end
  end
end

local FEW = 20
local backlog = tonumber(ARGV[11])
local again = {}
local function publish(id, why)
  redis.call('HSET', job_key(id), 'published', NOW)
  again[#again + 1] = id
  again[#again + 1] = why
end
-- The queue of jobs that waited already comes before all others, so it is kept short.
local function has_room() return backlog + #again / 2 < tonumber(most) end

-- Waits that are over, and jobs that were recorded and perhaps never published. Until a worker
-- has started them they stay due; what was published is published again only once hardly a
-- message is left.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', DUE, '-inf', NOW, 'LIMIT', 0, most)) do
  if get(id, 'state') ~= 'queued' then
    redis.call('ZREM', DUE, id)
  elseif has_room() then
    redis.call('ZADD', DUE, NOW + RESEND_MS, id)
    if not get(id, 'published') or backlog < FEW then
      publish(id, get(id, 'not_before') and 'its wait is over' or 'it was never published')
    end
  end
end

-- Messages that were lost: there are more waiting jobs than messages, in this pass and in the last
-- one. They are looked for among the jobs that others have overtaken, or among the few that wait.
-- Messages that workers have taken count for a minute: their worker may be dead.
local taken = math.max(0, ARGV[10] - redis.call('ZCARD', key('jobs:running')))
local missing = queued() - redis.call('ZCARD', DUE) - redis.call('ZCARD', NEWER)
for i = 11, #ARGV do missing = missing - ARGV[i] end
missing = math.max(0, missing)
local lost = math.min(missing, tonumber(redis.call('GET', key('missing')) or 0))
redis.call('SET', key('missing'), missing)

local OVERTAKEN_MS, TAKEN_MS = 30000, 60000
local function find_lost(priority, messages_there)
  local waiting = key('jobs:queued:' .. priority)
  local count = redis.call('ZCARD', waiting)
  if lost == 0 or count <= messages_there then return end
  local few = count - lost < FEW
  local front = tonumber(redis.call('HGET', key('front'), priority) or 0)
  -- On from where the last pass ended, so that jobs that wait on purpose hide nothing.
  local after = redis.call('HGET', key('looked'), priority) or '-'
  local ids = redis.call('ZRANGEBYLEX', waiting, after, '+', 'LIMIT', 0, most)
  redis.call('HSET', key('looked'), priority, #ids < tonumber(most) and '-' or '(' .. ids[#ids])
  for _, id in ipairs(ids) do
    if get(id, 'state') ~= 'queued' then
      redis.call('ZREM', waiting, id)
    elseif lost > 0 and has_room() and not redis.call('ZSCORE', DUE, id)
      and not redis.call('ZSCORE', NEWER, id) then
      local since = math.max(number(id, 'created'), number(id, 'published'))
      local quiet = NOW - since > (lost > taken and RESEND_MS or TAKEN_MS)
      if quiet and (few or since < front - OVERTAKEN_MS) then
        publish(id, 'its message was lost')
        lost = lost - 1
      end
    end
  end
end
for i, priority in ipairs(PRIORITIES) do
  find_lost(priority, tonumber(ARGV[11 + i]))
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', ENDED, '-inf', NOW - ARGV[8], 'LIMIT', 0, most)) do
  forget(id)
end
return {again, ended}
