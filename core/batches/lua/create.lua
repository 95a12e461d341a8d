-- Record a new batch; returns 'created' and the milliseconds of its creation, or why not: 'known'
-- and the id of the batch that the same request made before, 'other' if the idempotency key came
-- with another request, 'full' if too many batches have not finished.
-- ARGV: id, spec, webhook (empty: none), most unfinished, digest of the idempotency key (empty:
--       none), fingerprint of the request, milliseconds to remember it, whether it is a dry run,
--       then fields and values about whoever asked for it: owner, quota, access, trace.
local id = ARGV[2]
local known = known_request('batch', ARGV[6], ARGV[7])
if known then return known end
local unfinished = redis.call('ZCARD', ALL) - redis.call('ZCARD', FINISHED)
if unfinished >= tonumber(ARGV[5]) then return {'full', ''} end
local order = cjson.decode(ARGV[3])
if ARGV[9] ~= '1' then
  if order.source.manifest then keep_upload(order.source.manifest) end
  keep_reference(order)
end
redis.call('HSET', batch_key(id), 'v', SCHEMA, 'state', 'expanding', 'spec', ARGV[3],
  'created', NOW)
if ARGV[4] ~= '' then redis.call('HSET', batch_key(id), 'webhook', ARGV[4]) end
if ARGV[9] == '1' then redis.call('HSET', batch_key(id), 'dry_run', 1) end
for at = 10, #ARGV, 2 do redis.call('HSET', batch_key(id), ARGV[at], ARGV[at + 1]) end
local owner = field(id, 'owner')
if owner then redis.call('ZADD', owner_key(owner, 'batches'), 0, id) end
redis.call('ZADD', ALL, 0, id)
attend(id)
remember_request('batch', ARGV[6], ARGV[7], id, ARGV[8])
return {'created', tostring(NOW)}
