-- Claim jobs that others have put aside and the caller can read; returns their ids, to be published in
-- a queue that no earlier version looks into. Those that nobody starts within a minute are swept.
-- ARGV: messages in that queue, counted just before, and how many it may have.
local room, claimed = tonumber(ARGV[3]) - tonumber(ARGV[2]), {}
if room <= 0 then return claimed end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', NEWER, '-inf', SCHEMA, 'LIMIT', 0, room)) do
  redis.call('ZREM', NEWER, id)
  if get(id, 'state') == 'queued' then
    redis.call('ZADD', DUE, NOW + STARTED_MS, id)
    claimed[#claimed + 1] = id
  end
end
return claimed
