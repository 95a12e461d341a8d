-- What a batch has to know of its jobs.
-- Batches: the key of one, of one of its lists, and the batch of a job while it is remembered.
local BATCHES_DUE, PART, TICK_MS, TICKS = key('batches:due'), 1000, 5000, 13
local function batch_key(id, part) return key('batch:' .. id) .. (part and ':' .. part or '') end
local function batch_of(id)
  local batch = get(id, 'batch')
  return batch and redis.call('EXISTS', batch_key(batch)) == 1 and batch
end

-- Have a worker look after a batch at once.
local function attend(batch) redis.call('ZADD', BATCHES_DUE, 'LT', NOW, batch) end

-- Note now and then how many jobs of a batch have ended: its rate follows from that.
local function tick(batch)
  local ticks, ended = batch_key(batch, 'ticks'), 0
  local last = redis.call('LINDEX', ticks, -1)
  if last and NOW - tonumber(string.match(last, '%d+')) < TICK_MS then return end
  for _, n in ipairs(redis.call('HMGET', batch_key(batch), 'succeeded', 'failed', 'canceled')) do
    ended = ended + tonumber(n or 0)
  end
  redis.call('RPUSH', ticks, NOW .. ':' .. ended)
  redis.call('LTRIM', ticks, -TICKS, -1)
end

-- A job has ended: its batch counts it, writes it down, and may have room for others.
local function leave_batch(batch, id, code)
  local active = batch_key(batch, 'active')
  if code then redis.call('HINCRBY', batch_key(batch), 'code:' .. code, 1) end
  redis.call('ZREM', active, id)
  local left = redis.call('ZCARD', active)
  local unwritten = redis.call('RPUSH', batch_key(batch, 'ended'), id)
  tick(batch)
  local low = tonumber(redis.call('HGET', batch_key(batch), 'low') or 0)
  if left == 0 or left == low or unwritten == PART then attend(batch) end
end
