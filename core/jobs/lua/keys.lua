-- Put before every script, the first of the parts in COMMON. ARGV[1]: what all keys begin with.
-- Times are milliseconds of Redis' own clock: those of hosts differ.
local prefix = ARGV[1]
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local PRIORITIES = {'high', 'normal', 'low'}
local EVENTS_KEPT = 100000
local RESEND_MS = 5000

local function key(name) return prefix .. ':' .. name end
local function job_key(id) return key('job:' .. id) end
local LEASES, DUE, ENDED = key('jobs:leases'), key('jobs:due'), key('jobs:ended')

local function get(id, field) return redis.call('HGET', job_key(id), field) end
local function number(id, field) return tonumber(get(id, field) or 0) end

local function index(id, state)
  if state == 'queued' then
    state = get(id, 'held') and 'held' or 'queued:' .. (get(id, 'priority') or 'normal')
  end
  return key('jobs:' .. state)
end
