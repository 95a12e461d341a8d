-- Put before every script. ARGV[1]: what all keys begin with. Times are milliseconds of Redis' own
-- clock: those of hosts differ.
local prefix = ARGV[1]
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local PRIORITIES = {'high', 'normal', 'low'}
local EVENTS_KEPT = 100000
local RESEND_MS = 5000

local function key(name) return prefix .. ':' .. name end
local function job_key(id) return key('job:' .. id) end
local LEASES, DUE, ENDED = key('jobs:leases'), key('jobs:due'), key('jobs:ended')

local function get(id, field) return redis.call('HGET', job_key(id), field) end
local function number(id, field) return tonumber(get(id, field) or 0) end

local function index(id, state)
  if state == 'queued' then state = 'queued:' .. (get(id, 'priority') or 'normal') end
  return key('jobs:' .. state)
end

-- Tell whoever follows the stream; 'more' is a list of further fields and values.
local function emit(id, state, more)
  redis.call('XADD', key('events'), 'MAXLEN', '~', EVENTS_KEPT, '*', 'job', id, 'state', state,
    'attempt', get(id, 'attempt'), unpack(more or {}))
end

-- Leave a delivery to the webhook that the job names, if it wants to hear of this state.
local function notify(id, state)
  local webhook = get(id, 'webhook')
  if not webhook then return end
  webhook = cjson.decode(webhook)
  for _, wanted in ipairs(webhook.events) do
    if wanted == state then
      local delivery = id .. '.' .. redis.call('HINCRBY', job_key(id), 'deliveries', 1)
      redis.call('HSET', key('delivery:' .. delivery), 'job', id, 'event', 'job.' .. state,
        'url', webhook.url, 'state', 'pending', 'created', NOW)
      redis.call('ZADD', key('deliveries:due'), NOW, delivery)
    end
  end
end

local function move(id, to, more)
  local from = get(id, 'state')
  redis.call('ZREM', index(id, from), id)
  redis.call('ZREM', from == 'running' and LEASES or DUE, id)
  redis.call('HSET', job_key(id), 'state', to)
  redis.call('HDEL', job_key(id), 'worker', 'stage', 'not_before', 'published')
  redis.call('ZADD', index(id, to), 0, id)
  emit(id, to, more)
end

-- 'field' is result or error, 'code' that of the error; both are nil for a canceled job.
local function finish(id, to, field, value, code)
  move(id, to, code and {'code', code})
  redis.call('HSET', job_key(id), 'finished', NOW)
  redis.call('HDEL', job_key(id), 'canceling', 'strikes', 'retries', 'failing', 'error')
  if field then redis.call('HSET', job_key(id), field, value) end
  if code then redis.call('ZADD', key('jobs:failed:' .. code), 0, id) end
  redis.call('ZADD', ENDED, NOW, id)
  notify(id, to)
end

local function fail(id, problem)
  finish(id, 'failed', 'error', problem, cjson.decode(problem).code)
end

-- Queue a running job again, not before some milliseconds; the sweep publishes it then.
local function queue_again(id, delay)
  if get(id, 'canceling') then return finish(id, 'canceled') end
  move(id, 'queued')
  redis.call('HSET', job_key(id), 'not_before', NOW + delay)
  redis.call('ZADD', DUE, NOW + delay, id)
end

local function lease_runs(id)
  local expiry = redis.call('ZSCORE', LEASES, id)
  return expiry and tonumber(expiry) > NOW
end

-- End the attempt of a worker that has not renewed its lease.
local function expire(id, max_attempts, timeout, lost, timed_out)
  if get(id, 'state') ~= 'running' then return redis.call('ZREM', LEASES, id) end
  if number(id, 'strikes') < max_attempts then return queue_again(id, 0) end
  if get(id, 'canceling') then return finish(id, 'canceled') end
  fail(id, NOW - number(id, 'started') >= timeout and timed_out or lost)
end

-- Whether the caller still holds the job: its token is that of the running attempt.
local function holds(id, token)
  local job = redis.call('HMGET', job_key(id), 'state', 'attempt')
  return job[1] == 'running' and job[2] == token
end

-- How many jobs are queued.
local function queued()
  local total = 0
  for _, priority in ipairs(PRIORITIES) do
    total = total + redis.call('ZCARD', key('jobs:queued:' .. priority))
  end
  return total
end

-- Remove an ended job with all that belongs to it.
local function forget(id)
  local problem = get(id, 'error')
  if problem then redis.call('ZREM', key('jobs:failed:' .. cjson.decode(problem).code), id) end
  redis.call('ZREM', index(id, get(id, 'state') or ''), id)
  redis.call('ZREM', ENDED, id)
  for n = 1, number(id, 'deliveries') do
    redis.call('DEL', key('delivery:' .. id .. '.' .. n))
    redis.call('ZREM', key('deliveries:due'), id .. '.' .. n)
  end
  redis.call('DEL', job_key(id))
end
