-- Look at a batch in the middle of a step: returns its record, how many of its jobs are active, how
-- many keys are to be written into the report, milliseconds since some were, and how many more jobs
-- may be queued; or nothing if another worker has it by now.
-- ARGV: id, token, milliseconds of the lease, most active, most queued (0: no limit).
local id, window, most = ARGV[2], tonumber(ARGV[5]), tonumber(ARGV[6])
if not keeps(id, ARGV[3], ARGV[4]) then return {} end
local room = window - active(id)
if most > 0 then room = math.min(room, most - waiting()) end
local left = quota_left(field(id, 'owner'), field(id, 'quota'))
if left then room = math.min(room, left) end
local since = NOW - tonumber(field(id, 'written') or field(id, 'created'))
return {redis.call('HGETALL', batch_key(id)), active(id), unwritten(id), since, math.max(0, room)}
