-- Queue jobs of a batch that were held while it was paused; returns pairs of id and attempts so far,
-- to publish.  ARGV: id, token, milliseconds of the lease, most.
local id, most = ARGV[2], tonumber(ARGV[5])
if not keeps(id, ARGV[3], ARGV[4]) or field(id, 'state') == 'paused' then return {} end
local released = {}
for _, job in ipairs(redis.call('ZRANGE', batch_key(id, 'active'), 0, -1)) do
  if #released / 2 >= most then break end
  if get(job, 'held') then
    redis.call('ZREM', index(job, 'queued'), job)
    redis.call('HDEL', job_key(job), 'held')
    redis.call('ZADD', index(job, 'queued'), 0, job)
    redis.call('ZADD', DUE, NOW + RESEND_MS, job)
    released[#released + 1] = job
    released[#released + 1] = get(job, 'attempt')
  end
end
if #released == 0 then redis.call('HDEL', batch_key(id), 'resumed') end
return released
