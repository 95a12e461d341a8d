-- End an attempt with its result; returns 1, or 0 if it is over.
-- ARGV: id, token, result, fingerprint of the work (empty: none), milliseconds it is remembered,
--       entry for those of its batch to be reviewed (empty: none), ambiguity, entries kept, then
--       pairs of a counter and what to add to it.
local id = ARGV[2]
if not holds(id, ARGV[3]) then return 0 end
finish(id, 'succeeded', 'result', ARGV[4])
for i = 10, #ARGV, 2 do tally(ARGV[i], ARGV[i + 1]) end
if ARGV[5] ~= '' then
  redis.call('SET', key('result:' .. ARGV[5]), id, 'PX', ARGV[6])
  -- Jobs of batches are forgotten earlier, and this with them.
  if get(id, 'batch') then redis.call('HSET', job_key(id), 'fingerprint', ARGV[5]) end
end
local skipped = string.find(ARGV[4], '"skipped":', 1, true)
local batch = skipped and batch_of(id)
if batch then
  redis.call('HINCRBY', batch_key(batch), 'succeeded', -1)
  redis.call('HINCRBY', batch_key(batch), 'skipped', 1)
end
if ARGV[7] ~= '' and batch_of(id) then
  local unsure = batch_key(batch_of(id), 'unsure')
  redis.call('ZADD', unsure, ARGV[8], ARGV[7])
  redis.call('ZREMRANGEBYRANK', unsure, 0, -1 - ARGV[9])
end
if not skipped and not string.find(ARGV[4], '"cached":true', 1, true) then
  -- How long a job takes, lately: a moving average of milliseconds.
  local took = NOW - number(id, 'started')
  local pace = tonumber(redis.call('GET', key('pace')) or took)
  redis.call('SET', key('pace'), pace + 0.05 * (took - pace))
end
return 1
