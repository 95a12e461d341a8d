-- End an attempt with its result; returns 1, or 0 if it is over.
-- ARGV: id, token, result, fingerprint of the work (empty: none), milliseconds it is remembered.
local id = ARGV[2]
if not holds(id, ARGV[3]) then return 0 end
finish(id, 'succeeded', 'result', ARGV[4])
if ARGV[5] ~= '' then redis.call('SET', key('result:' .. ARGV[5]), id, 'PX', ARGV[6]) end
return 1
