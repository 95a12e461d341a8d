-- Note that an expired upload's object was deleted. It is deleted once more when nothing can arrive
-- any more that was begun while its URLs worked; after that its record is kept for a while.
-- ARGV: id.
local LATE_MS = 3600000
local id = ARGV[2]
local urls = tonumber(redis.call('HGET', upload_key(id), 'urls') or 0)
if NOW < urls + LATE_MS then
  redis.call('ZADD', UPLOADS, urls + LATE_MS, id)
else
  redis.call('ZREM', UPLOADS, id)
  redis.call('PEXPIRE', upload_key(id), UPLOAD_KEPT_MS)
end
