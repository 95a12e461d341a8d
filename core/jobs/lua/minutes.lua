-- How many jobs ended in each minute, and with what: one hash a minute, for two hours.
local MINUTE_MS, MINUTES_KEPT_MS = 60000, 2 * 60 * 60000

local function count_end(state, code)
  local minute = key('minute:' .. math.floor(NOW / MINUTE_MS))
  redis.call('HINCRBY', minute, state, 1)
  if code then redis.call('HINCRBY', minute, 'code:' .. code, 1) end
  redis.call('PEXPIRE', minute, MINUTES_KEPT_MS)
end
