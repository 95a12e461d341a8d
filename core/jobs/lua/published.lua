-- Note that a queued job's message is in the queue.  ARGV: id, attempts so far.
local id = ARGV[2]
local job = redis.call('HMGET', job_key(id), 'state', 'attempt')
if job[1] == 'queued' and job[2] == ARGV[3] then redis.call('ZREM', DUE, id) end
