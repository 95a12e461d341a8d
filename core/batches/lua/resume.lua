-- Let a paused batch go on; returns the state it was in, or nothing if there is none.  ARGV: id.
local id = ARGV[2]
local state = field(id, 'state')
if state == 'paused' then
  redis.call('HSET', batch_key(id), 'state', field(id, 'expanded') and 'running' or 'expanding',
    'resumed', 1)
  attend(id)
end
return state
