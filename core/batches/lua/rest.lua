-- End a step, and say when the next one is due.
-- ARGV: id, token, milliseconds to wait because of an error (0: there was none), keys that make a
--       part of the report, milliseconds after which fewer do, milliseconds between two looks for
--       room, or at jobs that a cancel has not reached. Returns the milliseconds for which steps have
--       been failing.
local id, wait, part, soon, look = ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7]
if not keeps(id, ARGV[3], 0) then return 0 end
local record, state = batch_key(id), field(id, 'state')
redis.call('HDEL', record, 'lease', 'strikes')
if wait > 0 then
  redis.call('ZADD', BATCHES_DUE, NOW + wait, id)
  redis.call('HSETNX', record, 'failing', NOW)
  return NOW - tonumber(field(id, 'failing'))
end
redis.call('HDEL', record, 'failing')
local goes_on = state == 'expanding' or state == 'paused' and not field(id, 'expanded')
local written = tonumber(field(id, 'written') or field(id, 'created'))
local due
if unwritten(id) >= part or field(id, 'resumed') then due = NOW
elseif active(id) == 0 and not goes_on and state ~= 'paused' then due = NOW
elseif state == 'expanding' or state == 'canceled' then due = NOW + tonumber(look)
elseif unwritten(id) > 0 then due = math.max(NOW, written + tonumber(soon))
end
if due then
  redis.call('ZADD', BATCHES_DUE, due, id)
else
  redis.call('ZREM', BATCHES_DUE, id)
end
return 0
