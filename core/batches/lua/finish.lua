-- End a batch whose jobs have all ended and are all in its report; returns 1, or 0 if that is not so.
-- ARGV: id, token, milliseconds of the lease, whether the report is written, error for one with
--       failed jobs.
local id, record = ARGV[2], batch_key(ARGV[2])
if not keeps(id, ARGV[3], ARGV[4]) or active(id) > 0 then return 0 end
-- Without a report, what is not written stays here for as long as the batch is remembered.
if unwritten(id) > 0 and ARGV[5] == '1' then return 0 end
local state = field(id, 'state')
if state == 'running' then
  state = 'succeeded'
  if tonumber(field(id, 'failed') or 0) > 0 and not field(id, 'dry_run') then
    state = 'failed'
    redis.call('HSET', record, 'error', ARGV[6])
  end
elseif state ~= 'failed' and state ~= 'canceled' then
  return 0
end
redis.call('HSET', record, 'state', state, 'finished', NOW)
redis.call('HDEL', record, 'lease', 'strikes', 'failing', 'resumed')
if ARGV[5] == '1' then redis.call('HSET', record, 'report', 1) end
redis.call('ZREM', BATCHES_DUE, id)
redis.call('ZADD', FINISHED, NOW, id)
notify('batch', id, state)
return 1
