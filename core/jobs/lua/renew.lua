-- Renew the lease of an attempt; returns 1, or 0 if it is over.
-- ARGV: id, token, milliseconds of the lease.
if not holds(ARGV[2], ARGV[3]) then return 0 end
redis.call('ZADD', LEASES, NOW + tonumber(ARGV[4]), ARGV[2])
return 1
