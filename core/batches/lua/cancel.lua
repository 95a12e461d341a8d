-- Cancel a batch, whose jobs are canceled after it; returns the state it was in, or nothing if there
-- is none.  ARGV: id.
local id = ARGV[2]
local state = field(id, 'state')
local failing = state == 'failed' and not field(id, 'finished')
if state == 'expanding' or state == 'running' or state == 'paused' or failing then
  redis.call('HSET', batch_key(id), 'state', 'canceled')
  attend(id)
end
return state
