-- Let an upload expire now. Returns the state that it was in, or nothing if there is none.
-- ARGV: id, milliseconds that its removal may take.
local state = redis.call('HGET', upload_key(ARGV[2]), 'state')
if state == 'pending' or state == 'complete' then expire_upload(ARGV[2], tonumber(ARGV[3])) end
return state
