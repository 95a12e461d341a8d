-- Put a claimed delivery back: it is due again in some milliseconds.  ARGV: id, milliseconds.
return redis.call('ZADD', key('deliveries:due'), 'XX', NOW + tonumber(ARGV[3]), ARGV[2])
