-- Claim uploads that are to be removed: from now on no job can use them, and nobody else gets them
-- for a while. Returns their ids, each followed by its record.
-- ARGV: most, milliseconds that their removal may take.
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', UPLOADS, '-inf', NOW, 'LIMIT', 0, ARGV[2])) do
  local state = redis.call('HGET', upload_key(id), 'state')
  if state and state ~= 'used' then
    expire_upload(id, tonumber(ARGV[3]))
    claimed[#claimed + 1] = id
    claimed[#claimed + 1] = redis.call('HGETALL', upload_key(id))
  else
    redis.call('ZREM', UPLOADS, id)
  end
end
return claimed
