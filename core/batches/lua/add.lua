-- Add keys to a batch and note how far its expansion has come, in one change; returns 1, or 0 if
-- another worker has it, it is to go no further, or its owner may not make so many jobs any more.
-- ARGV: id, token, milliseconds of the lease, priority, name of the position, its new value, whether
--       that was the last of them, keys listed, keys left out, bytes, number and record of a part
--       of the report whose failures are tried again (empty: none), then for each key:
--       kind, job, what to record, error code, job that it replaces. Kinds: job, again (a job for
--       a key that failed), skipped, failed; found (by a dry run).
local id, priority, position, PER_KEY = ARGV[2], ARGV[5], ARGV[6], 5
if not keeps(id, ARGV[3], ARGV[4]) then return 0 end
if field(id, 'state') ~= 'expanding' then return 0 end
local batch, dry, owner = batch_key(id), field(id, 'dry_run'), field(id, 'owner')
-- Other batches and jobs of the owner may have been made since this one was looked at.
local left, made = quota_left(owner, field(id, 'quota')), 0
for at = 14, #ARGV, PER_KEY do
  if ARGV[at] == 'job' or ARGV[at] == 'again' then made = made + 1 end
end
if left and made > left then return 0 end

local function create(job, spec)
  local order = cjson.decode(spec)
  keep_upload(order.source)
  keep_reference(order)
  record_job(job, spec, priority, id, owner)
  redis.call('ZADD', batch_key(id, 'active'), 0, job)
  count(id, 'queued')
end

for at = 14, #ARGV, PER_KEY do
  local kind, job, value, code = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if kind == 'again' then
    count(id, 'failed', -1)
    if redis.call('HINCRBY', batch, 'code:' .. code, -1) == 0 then
      redis.call('HDEL', batch, 'code:' .. code)
    end
    local old = ARGV[at + 4]
    if get(old, 'state') == 'failed' and get(old, 'batch') == id then forget(old) end
  else
    count(id, 'total')
  end
  if kind == 'job' or kind == 'again' then
    create(job, value)
  elseif kind == 'found' then
    if redis.call('LLEN', batch_key(id, 'pairs')) < 20 then
      redis.call('RPUSH', batch_key(id, 'pairs'), value)
    end
  else
    count(id, kind)
    if code ~= '' then count(id, 'code:' .. code) end
    if not dry then redis.call('RPUSH', batch_key(id, 'ended'), value) end
  end
end

count(id, 'listed', ARGV[9])
count(id, 'left_out', ARGV[10])
count(id, 'bytes', ARGV[11])
if ARGV[12] ~= '' then redis.call('LSET', batch_key(id, 'parts'), ARGV[12], ARGV[13]) end
if ARGV[8] == '1' then
  -- An expansion that goes on after failures were tried again is listed to its end, too.
  redis.call('HDEL', batch, position)
  if position == 'cursor' then redis.call('HSET', batch, 'listed_all', 1) end
else
  redis.call('HSET', batch, position, ARGV[7])
end
if field(id, 'listed_all') and not field(id, 'retrying') then
  redis.call('HSET', batch, 'expanded', 1, 'state', 'running')
end
return 1
