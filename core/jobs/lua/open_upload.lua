-- Record an upload; returns the milliseconds at which it expires unless a job has used it.
-- ARGV: id, bucket, key, bytes, id of its multipart upload (empty: none), milliseconds until it
--       expires, milliseconds that its URLs work (0: it has none), owner
--       (empty: none).
local id, expiry = ARGV[2], NOW + tonumber(ARGV[7])
local urls = ARGV[8] ~= '0' and NOW + tonumber(ARGV[8]) or 0
redis.call('HSET', upload_key(id), 'state', 'pending', 'bucket', ARGV[3], 'key', ARGV[4],
  'bytes', ARGV[5], 'multipart', ARGV[6], 'expiry', expiry, 'urls', urls)
if ARGV[9] ~= '' then redis.call('HSET', upload_key(id), 'owner', ARGV[9]) end
redis.call('ZADD', UPLOADS, expiry, id)
return tostring(expiry)
