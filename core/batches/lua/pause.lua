-- Let a batch start no more jobs; returns the state it was in, or nothing if there is none.  ARGV: id.
local state = field(ARGV[2], 'state')
if state == 'expanding' or state == 'running' then
  redis.call('HSET', batch_key(ARGV[2]), 'state', 'paused')
  redis.call('HDEL', batch_key(ARGV[2]), 'resumed')
end
return state
