-- Uploads: files that clients put into storage, kept only if a job uses them in time.
local UPLOADS, UPLOAD_KEPT_MS = key('uploads:due'), 86400000
local function upload_key(id) return key('upload:' .. id) end

-- End the time in which an upload may be used, and hide it from others that remove uploads for as
-- long as that may take.
local function expire_upload(id, lease)
  redis.call('HSET', upload_key(id), 'state', 'expired')
  redis.call('ZADD', UPLOADS, NOW + lease, id)
end

-- Keep the upload that is a job's source for good; returns why that cannot be, or nothing.
local function use_upload(upload, source)
  local known = redis.call('HMGET', upload_key(upload), 'state', 'bucket', 'key', 'multipart')
  if known[2] ~= source.bucket or known[3] ~= source.key then return end
  if known[1] == 'expired' then return 'expired' end
  if known[1] == 'pending' and known[4] ~= '' then return 'incomplete' end
  redis.call('HSET', upload_key(upload), 'state', 'used')
  redis.call('ZREM', UPLOADS, upload)
  redis.call('PEXPIRE', upload_key(upload), UPLOAD_KEPT_MS)
end

-- Keep for good what a job or a batch reads, if it is an upload. One that is deleted already is not
-- found when it is read.
local function keep_upload(ref)
  local upload = string.match(ref.key, '^uploads/([^/]+)/[^/]+$')
  if upload then use_upload(upload, ref) end
end

-- Keep the picture whose colours an order favours.
local function keep_reference(order)
  local reference = order.options and order.options.reference
  if reference then keep_upload(reference) end
end
