-- Whose jobs and batches are whose, where keys are in use: lists of an owner's own beside those of
-- all, and how many jobs an owner has made today.
local DAY_MS = 86400000
local function owner_key(owner, name) return key('owner:' .. owner .. ':' .. name) end
local function made_key(owner) return owner_key(owner, 'made:' .. math.floor(NOW / DAY_MS)) end

-- Do something to the list of a state, or of a code of error, in which the owner's job is.
local function own(command, id, state, ...)
  local owner = get(id, 'owner')
  if owner then redis.call(command, owner_key(owner, 'jobs:' .. state), ...) end
end

local function enlist(id, state)
  redis.call('ZADD', index(id, state), 0, id)
  own('ZADD', id, state, 0, id)
end

local function delist(id, state)
  redis.call('ZREM', index(id, state), id)
  own('ZREM', id, state, id)
end

local function enlist_code(id, code)
  redis.call('ZADD', key('jobs:failed:' .. code), 0, id)
  own('ZADD', id, 'failed:' .. code, 0, id)
end

local function delist_code(id)
  local problem = get(id, 'error')
  if not problem then return end
  local code = cjson.decode(problem).code
  redis.call('ZREM', key('jobs:failed:' .. code), id)
  own('ZREM', id, 'failed:' .. code, id)
end

-- How many more jobs an owner may make today; nothing if there is no limit.
local function quota_left(owner, quota)
  if not owner or not quota then return end
  return math.max(0, tonumber(quota) - tonumber(redis.call('GET', made_key(owner)) or 0))
end

local function count_made(owner)
  redis.call('INCR', made_key(owner))
  redis.call('PEXPIRE', made_key(owner), 2 * DAY_MS)
end
