-- Note that the first ended keys of a batch are in a part of its report, and forget the jobs that
-- ended long before them; returns 1, or 0 if another worker has the batch.
-- ARGV: id, token, milliseconds of the lease, how many keys, record of the part, most ended jobs to
--       remember.
local id, most = ARGV[2], tonumber(ARGV[5])
if not keeps(id, ARGV[3], ARGV[4]) then return 0 end
local ended, kept = batch_key(id, 'ended'), batch_key(id, 'kept')
for _, each in ipairs(redis.call('LRANGE', ended, 0, most - 1)) do
  if string.sub(each, 1, 1) ~= '{' then
    redis.call('RPUSH', kept, each)
    -- Only now may its record be forgotten.
    redis.call('ZADD', ENDED, NOW, each)
  end
end
redis.call('LTRIM', ended, most, -1)
redis.call('RPUSH', batch_key(id, 'parts'), ARGV[6])
redis.call('HSET', batch_key(id), 'written', NOW)
while redis.call('LLEN', kept) > tonumber(ARGV[7]) do
  local old = redis.call('LPOP', kept)
  local state = get(old, 'state')
  if state and state ~= 'queued' and state ~= 'running' then forget(old) end
end
return 1
