-- Record a new job as queued; returns 'created' and the milliseconds of its creation, or why not:
-- 'known' and the id of the job that the same request made before, 'other' if the idempotency key
-- came with another request, 'full' if too many jobs are queued, 'expired' or 'incomplete' if the
-- source is an upload of which that is true.
-- ARGV: id, spec, priority, webhook (empty: none), most queued (0: no limit), digest of the
--       idempotency key (empty: none), fingerprint of the request, milliseconds to remember it,
--       id of the upload that the source may be (empty: none).
local id, spec, priority, webhook, most = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local remembered = key('idempotency:' .. ARGV[7])
if ARGV[7] ~= '' then
  local known = redis.call('HMGET', remembered, 'fingerprint', 'job')
  if known[1] and redis.call('EXISTS', job_key(known[2])) == 1 then
    if known[1] == ARGV[8] then return {'known', known[2]} end
    return {'other', ''}
  end
end
if most > 0 and waiting() >= most then return {'full', ''} end

local refusal = ARGV[10] ~= '' and use_upload(ARGV[10], cjson.decode(spec).source)
if refusal then return {refusal, ''} end

redis.call('HSET', job_key(id), 'state', 'queued', 'attempt', 0, 'spec', spec, 'created', NOW)
if priority ~= 'normal' then redis.call('HSET', job_key(id), 'priority', priority) end
if webhook ~= '' then redis.call('HSET', job_key(id), 'webhook', webhook) end
redis.call('ZADD', index(id, 'queued'), 0, id)
redis.call('ZADD', DUE, NOW + RESEND_MS, id)
emit(id, 'queued')
if ARGV[7] ~= '' then
  redis.call('HSET', remembered, 'fingerprint', ARGV[8], 'job', id)
  redis.call('PEXPIRE', remembered, ARGV[9])
end
return {'created', tostring(NOW)}
