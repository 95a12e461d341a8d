-- Cancel jobs of a canceled batch; returns the last one looked at, or nothing after the last of all.
-- ARGV: id, job after which to begin (empty: the first), most.
local id = ARGV[2]
if field(id, 'state') ~= 'canceled' then return false end
local after = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local jobs = redis.call('ZRANGEBYLEX', batch_key(id, 'active'), after, '+', 'LIMIT', 0, ARGV[4])
for _, job in ipairs(jobs) do cancel(job) end
return jobs[#jobs] or false
