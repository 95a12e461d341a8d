-- Note one try of a delivery. Its outcome counts only if nobody has claimed it, or asked for it
-- again, since.
-- ARGV: id, number of the claim, what came of the try, state of the delivery, milliseconds until the
--       next try.
local KEPT = 50
local id, record = ARGV[2], key('delivery:' .. ARGV[2])
tally('webhook_tries:' .. ARGV[5])
if redis.call('EXISTS', record) == 0 then return 0 end
local number = redis.call('HINCRBY', record, 'tries', 1)
redis.call('HSET', record, 'try:' .. number, ARGV[4])
redis.call('HDEL', record, 'try:' .. (number - KEPT))
if redis.call('HGET', record, 'claim') ~= ARGV[3] then return 0 end
redis.call('HSET', record, 'state', ARGV[5])
if ARGV[5] == 'pending' then
  redis.call('ZADD', key('deliveries:due'), NOW + tonumber(ARGV[6]), id)
else
  redis.call('ZREM', key('deliveries:due'), id)
  if ARGV[5] ~= 'delivered' then redis.call('ZADD', key('deliveries:failed'), NOW, id) end
end
return 1
