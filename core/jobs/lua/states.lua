-- The changes of a job's state.
local function move(id, to, more)
  local from = get(id, 'state')
  delist(id, from)
  redis.call('ZREM', from == 'running' and LEASES or DUE, id)
  redis.call('ZREM', NEWER, id)
  redis.call('HSET', job_key(id), 'state', to)
  redis.call('HDEL', job_key(id), 'worker', 'stage', 'not_before', 'published', 'held', 'waiting')
  enlist(id, to)
  local batch = batch_of(id)
  if batch then
    redis.call('HINCRBY', batch_key(batch), from, -1)
    redis.call('HINCRBY', batch_key(batch), to, 1)
  end
  emit(id, to, more)
end

-- 'field' is result or error, 'code' that of the error; both are nil for a canceled job.
local function finish(id, to, field, value, code)
  move(id, to, code and {'code', code})
  redis.call('HSET', job_key(id), 'finished', NOW)
  redis.call('HDEL', job_key(id), 'canceling', 'strikes', 'retries', 'failing', 'error')
  if field then redis.call('HSET', job_key(id), field, value) end
  if code then enlist_code(id, code) end
  count_end(to, code)
  tally('ended:' .. to .. ':' .. (code or '') .. ':' .. (get(id, 'priority') or 'normal'))
  notify('job', id, to)
  local batch = batch_of(id)
  if batch then leave_batch(batch, id, code) else redis.call('ZADD', ENDED, NOW, id) end
end

local function fail(id, problem)
  finish(id, 'failed', 'error', problem, cjson.decode(problem).code)
end

-- Queue a running job again, not before some milliseconds; the sweep publishes it then. 'why' is a
-- code; 'problem' tells clients more; 'published': the caller does it, and is given a minute.
local function queue_again(id, delay, why, problem, published)
  if get(id, 'canceling') then return finish(id, 'canceled') end
  tally('retried:' .. why)
  move(id, 'queued')
  redis.call('HSET', job_key(id), 'not_before', NOW + delay)
  if problem then redis.call('HSET', job_key(id), 'waiting', problem) end
  redis.call('ZADD', DUE, NOW + (published and STARTED_MS or delay), id)
end

-- Put a queued job aside until a worker of its version claims it; 'why' is a problem. Returns 1 if it
-- was not told before.
local function put_aside(id, why)
  redis.call('ZREM', DUE, id)
  redis.call('ZADD', NEWER, schema_of(job_key(id)), id)
  redis.call('HDEL', job_key(id), 'published')
  return redis.call('HSET', job_key(id), 'waiting', why)
end

local function lease_runs(id)
  local expiry = redis.call('ZSCORE', LEASES, id)
  return expiry and tonumber(expiry) > NOW
end

-- End the attempt of a worker that has not renewed its lease.
local function expire(id, max_attempts, timeout, lost, timed_out)
  if get(id, 'state') ~= 'running' then return redis.call('ZREM', LEASES, id) end
  tally('leases_expired')
  if number(id, 'strikes') < max_attempts then return queue_again(id, 0, 'lease_expired') end
  if get(id, 'canceling') then return finish(id, 'canceled') end
  fail(id, NOW - number(id, 'started') >= timeout and timed_out or lost)
end

-- What is logged of a job that has ended; core.jobs.ending knows the order.
local function about_end(id)
  return {id, unpack(redis.call('HMGET', job_key(id), 'state', 'attempt', 'error', 'batch', 'trace'))}
end

-- Whether the caller still holds the job: its token is that of the running attempt.
local function holds(id, token)
  local job = redis.call('HMGET', job_key(id), 'state', 'attempt')
  return job[1] == 'running' and job[2] == token
end

-- Record a new job as queued; its message comes due soon, unless it is published before.
local function record_job(id, spec, priority, batch, owner)
  redis.call('HSET', job_key(id), 'v', SCHEMA, 'state', 'queued', 'attempt', 0, 'spec', spec,
    'created', NOW)
  if priority ~= 'normal' then redis.call('HSET', job_key(id), 'priority', priority) end
  if batch then redis.call('HSET', job_key(id), 'batch', batch) end
  if owner then
    redis.call('HSET', job_key(id), 'owner', owner)
    count_made(owner)
  end
  enlist(id, 'queued')
  tally('created:' .. priority)
  redis.call('ZADD', DUE, NOW + RESEND_MS, id)
  emit(id, 'queued')
end

-- Put a queued job of a paused batch aside, without a message; of a canceled one, end it. Returns
-- whether it was one of them.
local function withhold(id)
  local batch = batch_of(id)
  local state = batch and redis.call('HGET', batch_key(batch), 'state')
  if state == 'canceled' then finish(id, 'canceled') end
  if state ~= 'paused' then return state == 'canceled' end
  redis.call('ZREM', index(id, 'queued'), id)
  redis.call('ZREM', DUE, id)
  redis.call('HSET', job_key(id), 'held', 1)
  redis.call('ZADD', index(id, 'queued'), 0, id)
  return true
end

-- End a job that someone cancels. One that is storing its result ends as it does, unless it has to
-- start again.
local function cancel(id)
  local state = get(id, 'state')
  if state == 'queued' or (state == 'running' and get(id, 'stage') ~= 'store') then
    finish(id, 'canceled')
  elseif state == 'running' then
    redis.call('HSET', job_key(id), 'canceling', 1)
  end
end

-- How many jobs wait in a queue; those that are held wait elsewhere.
local function queued()
  local total = 0
  for _, priority in ipairs(PRIORITIES) do
    total = total + redis.call('ZCARD', key('jobs:queued:' .. priority))
  end
  return total
end

local function waiting() return queued() + redis.call('ZCARD', key('jobs:held')) end

-- Remove an ended job with all that belongs to it.
local function forget(id)
  delist_code(id)
  delist(id, get(id, 'state') or '')
  redis.call('ZREM', ENDED, id)
  forget_deliveries(id, number(id, 'deliveries'))
  local result = key('result:' .. (get(id, 'fingerprint') or ''))
  if redis.call('GET', result) == id then redis.call('DEL', result) end
  redis.call('DEL', job_key(id))
end
