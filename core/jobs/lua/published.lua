-- Note that the messages of queued jobs are in the queue.  ARGV: pairs of id and attempts so far.
for i = 2, #ARGV, 2 do
  local job = redis.call('HMGET', job_key(ARGV[i]), 'state', 'attempt')
  if job[1] == 'queued' and job[2] == ARGV[i + 1] then
    redis.call('ZREM', DUE, ARGV[i])
  end
end
