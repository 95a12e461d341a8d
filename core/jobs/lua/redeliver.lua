-- Make a delivery due at once, whatever came of it.  Returns 1, or 0 if there is none.  ARGV: id.
local id, record = ARGV[2], key('delivery:' .. ARGV[2])
if redis.call('EXISTS', record) == 0 then return 0 end
redis.call('HINCRBY', record, 'claim', 1)
redis.call('HSET', record, 'state', 'pending')
redis.call('ZADD', key('deliveries:due'), NOW, id)
redis.call('ZREM', key('deliveries:failed'), id)
return 1
