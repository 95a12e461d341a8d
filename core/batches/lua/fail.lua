-- Expand a batch no further: it has failed, and ends with the last of its jobs. Returns 1, or 0 if
-- another worker has it, it was canceled, or it is paused: then jobs may be held.
-- ARGV: id, token, milliseconds of the lease, error.
local id = ARGV[2]
if not keeps(id, ARGV[3], ARGV[4]) then return 0 end
local state = field(id, 'state')
if state == 'canceled' or state == 'paused' then return 0 end
redis.call('HSET', batch_key(id), 'state', 'failed', 'error', ARGV[5])
return 1
