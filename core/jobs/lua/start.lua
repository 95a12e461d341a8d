-- Start an attempt: returns its fencing token, the job and its id, or nothing if the job must not
-- run; 'newer' and whether that is news, if it waits for a worker of a later version; 'ended' and what
-- is logged of it, if its worker has died and it ends now.
-- ARGV: id, worker, milliseconds of the lease, attempts allowed, milliseconds of the time limit,
--       error of a job whose workers died, error of a job that took too long, what a job of a
--       later version waits for.
local id, lease = ARGV[2], tonumber(ARGV[4])
if get(id, 'state') == 'running' and not lease_runs(id) then
  expire(id, tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], ARGV[8])
  if get(id, 'finished') then return {'ended', about_end(id), id} end
end
if get(id, 'state') == 'running' and get(id, 'worker') == ARGV[3] then
  -- It asks again: the answer did not reach it.
  redis.call('ZADD', LEASES, NOW + lease, id)
  return {number(id, 'attempt'), redis.call('HGETALL', job_key(id)), id}
end
if get(id, 'state') ~= 'queued' or number(id, 'not_before') > NOW then return {} end
if withhold(id) then return {} end
if schema_of(job_key(id)) > SCHEMA then return {'newer', put_aside(id, ARGV[9]), id} end
redis.call('HINCRBY', job_key(id), 'strikes', 1)
local token = redis.call('HINCRBY', job_key(id), 'attempt', 1)
if token == 1 then redis.call('HSET', key('front'), get(id, 'priority') or 'normal', get(id, 'created')) end
move(id, 'running', {'stage', 'fetch'})
redis.call('HSET', job_key(id), 'started', NOW, 'worker', ARGV[3], 'stage', 'fetch')
redis.call('ZADD', LEASES, NOW + lease, id)
tally('attempts')
return {token, redis.call('HGETALL', job_key(id)), id}
