-- Put before every script of batches, after what the scripts of jobs share.
local ALL, FINISHED = key('batches'), key('batches:finished')
local LISTS = {'active', 'ended', 'kept', 'parts', 'ticks', 'pairs', 'unsure'}

local function field(batch, name) return redis.call('HGET', batch_key(batch), name) end
local function count(batch, name, by) redis.call('HINCRBY', batch_key(batch), name, by or 1) end
local function active(batch) return redis.call('ZCARD', batch_key(batch, 'active')) end
local function unwritten(batch) return redis.call('LLEN', batch_key(batch, 'ended')) end

-- Whether the caller still has the batch; if so, keep its lease for another while.
local function keeps(batch, token, lease)
  if field(batch, 'token') ~= token or field(batch, 'finished') then return false end
  redis.call('HSET', batch_key(batch), 'lease', NOW + tonumber(lease))
  redis.call('ZADD', BATCHES_DUE, NOW + tonumber(lease), batch)
  return true
end
