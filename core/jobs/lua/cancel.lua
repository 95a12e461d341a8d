-- Cancel a job; returns its state afterwards, or nothing if there is none. One that is storing its
-- result ends as it does, unless it has to start again.  ARGV: id.
local id = ARGV[2]
local state = get(id, 'state')
if state == 'queued' or (state == 'running' and get(id, 'stage') ~= 'store') then
  finish(id, 'canceled')
elseif state == 'running' then
  redis.call('HSET', job_key(id), 'canceling', 1)
end
return get(id, 'state')
