-- Claim deliveries that are due: nobody else gets them until the lease runs out. Returns their ids,
-- each followed by its record.  ARGV: most, milliseconds of the lease.
local due = key('deliveries:due')
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', NOW, 'LIMIT', 0, ARGV[2])) do
  local name = key('delivery:' .. id)
  if schema_of(name) > SCHEMA then
    -- For a process of that version.
    redis.call('ZADD', due, NOW + NEWER_WAIT_MS, id)
  elseif redis.call('EXISTS', name) == 1 then
    redis.call('ZADD', due, NOW + tonumber(ARGV[3]), id)
    redis.call('HINCRBY', name, 'claim', 1)
    local record = redis.call('HGETALL', name)
    claimed[#claimed + 1] = id
    claimed[#claimed + 1] = record
  else
    redis.call('ZREM', due, id)
  end
end
return claimed
