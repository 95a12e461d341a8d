-- Give an attempt up and queue the job again; returns its new state, or nothing if it is over.
-- ARGV: id, token, milliseconds to wait, error (empty: none), attempts allowed (0: this one does
--       not count), milliseconds that it may go on failing (0: no limit), whether the caller
--       publishes it (1) or the sweep.
local id, delay, problem, most, patience = ARGV[2], ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7]
if not holds(id, ARGV[3]) then return false end
if most == 0 then redis.call('HINCRBY', job_key(id), 'strikes', -1) end
if most > 0 or tonumber(patience) > 0 then redis.call('HINCRBY', job_key(id), 'retries', 1) end
local out_of_attempts = most > 0 and number(id, 'strikes') >= most
local out_of_patience = false
if tonumber(patience) > 0 then
  -- Tries and the waits between them, without what the job waited in a queue.
  local failing = NOW - number(id, 'started') + tonumber(delay)
  failing = redis.call('HINCRBY', job_key(id), 'failing', failing)
  out_of_patience = failing >= tonumber(patience)
end
if (out_of_attempts or out_of_patience) and not get(id, 'canceling') then
  fail(id, problem)
else
  local known = problem ~= '' and problem or nil
  queue_again(id, tonumber(delay), known and cjson.decode(known).code or 'worker_stopped', known,
    ARGV[8] == '1')
end
return get(id, 'state')
