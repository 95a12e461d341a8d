-- Enter the next stage of an attempt and renew its lease; returns 1, or 0 if it is over, or
-- 'canceled' if that ends the job.
-- ARGV: id, token, milliseconds of the lease, stage.
local id = ARGV[2]
if not holds(id, ARGV[3]) then return 0 end
if get(id, 'canceling') then
  -- It was storing a result when someone canceled it, and has something else to do now.
  finish(id, 'canceled')
  return 'canceled'
end
redis.call('ZADD', LEASES, NOW + tonumber(ARGV[4]), id)
redis.call('HSET', job_key(id), 'stage', ARGV[5])
emit(id, 'running', {'stage', ARGV[5]})
return 1
