-- Return the batches that need a worker, and forget those that ended long ago.
-- ARGV: milliseconds to keep ended batches, most at once, messages about batches that wait.
local RESEND = 5000
local most, due = tonumber(ARGV[3]), {}
if tonumber(ARGV[4]) < most then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', BATCHES_DUE, '-inf', NOW, 'LIMIT', 0, most)) do
    redis.call('ZADD', BATCHES_DUE, NOW + RESEND, id)
    due[#due + 1] = id
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', FINISHED, '-inf', NOW - ARGV[2], 'LIMIT', 0, most)) do
  forget_deliveries(id, tonumber(field(id, 'deliveries') or 0))
  -- Without a report, jobs are left whose records have been kept for the batch alone.
  for _, each in ipairs(redis.call('LRANGE', batch_key(id, 'ended'), 0, -1)) do
    if string.sub(each, 1, 1) ~= '{' then redis.call('ZADD', ENDED, NOW, each) end
  end
  local owner = field(id, 'owner')
  if owner then redis.call('ZREM', owner_key(owner, 'batches'), id) end
  redis.call('DEL', batch_key(id))
  for _, part in ipairs(LISTS) do redis.call('DEL', batch_key(id, part)) end
  redis.call('ZREM', ALL, id)
  redis.call('ZREM', FINISHED, id)
end
return due
