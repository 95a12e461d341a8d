-- Note one try of a delivery.
-- ARGV: id, what came of the try, state of the delivery, milliseconds until the next try.
local id, record = ARGV[2], key('delivery:' .. ARGV[2])
if redis.call('EXISTS', record) == 0 then return 0 end
redis.call('HSET', record, 'try:' .. redis.call('HINCRBY', record, 'tries', 1), ARGV[3],
  'state', ARGV[4])
if ARGV[4] == 'pending' then
  redis.call('ZADD', key('deliveries:due'), NOW + tonumber(ARGV[5]), id)
else
  redis.call('ZREM', key('deliveries:due'), id)
end
return 1
