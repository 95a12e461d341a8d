-- Expand a batch no further: it has failed, and ends with the last of its jobs. Returns 1, or 0 if
-- another worker has it or it has ended otherwise.  ARGV: id, token, milliseconds of the lease, error.
local id = ARGV[2]
if not keeps(id, ARGV[3], ARGV[4]) or field(id, 'state') == 'canceled' then return 0 end
redis.call('HSET', batch_key(id), 'state', 'failed', 'error', ARGV[5])
return 1
