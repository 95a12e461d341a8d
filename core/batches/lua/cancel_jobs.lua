-- Cancel jobs of a canceled batch; returns the last one looked at, or nothing after the last of all,
-- and what is logged of those that have ended.
-- ARGV: id, job after which to begin (empty: the first), most.
local id = ARGV[2]
if field(id, 'state') ~= 'canceled' then return {false, {}} end
local after = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local jobs = redis.call('ZRANGEBYLEX', batch_key(id, 'active'), after, '+', 'LIMIT', 0, ARGV[4])
local ended = {}
for _, job in ipairs(jobs) do
  cancel(job)
  if get(job, 'state') == 'canceled' then ended[#ended + 1] = about_end(job) end
end
return {jobs[#jobs] or false, ended}
