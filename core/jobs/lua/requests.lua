-- Requests that may be sent again: what an idempotency key has made. 'kind' is job or batch,
-- 'digest' that of the key (empty: there is none).
local function request_key(kind, digest)
  return key('idempotency:' .. (kind == 'job' and '' or kind .. ':') .. digest)
end

-- Return 'known' and the id of what the same request made before, 'other' if the key came with
-- another request, or nothing.
local function known_request(kind, digest, fingerprint)
  if digest == '' then return end
  local known = redis.call('HMGET', request_key(kind, digest), 'fingerprint', kind)
  if not known[1] or redis.call('EXISTS', key(kind .. ':' .. known[2])) == 0 then return end
  return known[1] == fingerprint and {'known', known[2]} or {'other', ''}
end

local function remember_request(kind, digest, fingerprint, id, milliseconds)
  if digest == '' then return end
  redis.call('HSET', request_key(kind, digest), 'fingerprint', fingerprint, kind, id)
  redis.call('PEXPIRE', request_key(kind, digest), milliseconds)
end
