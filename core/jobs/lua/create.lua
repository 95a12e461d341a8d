-- Record a new job as queued; returns 'created' and the milliseconds of its creation, or why not:
-- 'known' and the id of the job that the same request made before, 'other' if the idempotency key
-- came with another request, 'full' if too many jobs are queued, 'expired' or 'incomplete' if the
-- source is an upload of which that is true, 'quota' and the seconds until its owner may make more.
-- ARGV: id, spec, priority, webhook (empty: none), most queued (0: no limit), digest of the
--       idempotency key (empty: none), fingerprint of the request, milliseconds to remember it,
--       id of the upload that the source may be (empty: none), owner (empty: none), jobs that the
--       owner may make in a day (empty: no limit), trace that it is part of (empty: none).
local id, spec, priority, webhook, most = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local owner, quota = ARGV[11] ~= '' and ARGV[11], ARGV[12] ~= '' and ARGV[12]
local known = known_request('job', ARGV[7], ARGV[8])
if known then return known end
if most > 0 and waiting() >= most then return {'full', ''} end
if quota_left(owner, quota) == 0 then
  return {'quota', tostring(math.ceil((DAY_MS - NOW % DAY_MS) / 1000))}
end
local order = cjson.decode(spec)
local refusal = ARGV[10] ~= '' and use_upload(ARGV[10], order.source)
if refusal then return {refusal, ''} end
keep_reference(order)
record_job(id, spec, priority, nil, owner)
if webhook ~= '' then redis.call('HSET', job_key(id), 'webhook', webhook) end
if ARGV[13] ~= '' then redis.call('HSET', job_key(id), 'trace', ARGV[13]) end
remember_request('job', ARGV[7], ARGV[8], id, ARGV[9])
return {'created', tostring(NOW)}
