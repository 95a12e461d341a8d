-- Records of later versions than the caller's, which wait for a process that can read them.
-- core/schema.py puts SCHEMA, the caller's version, before this.
local SCHEMAS, NEWER, ALIVE_MS, LONGEST_MS = key('schemas'), key('jobs:newer'), 10000, 30000

-- The version of a record; one that says none is of version 1.
local function schema_of(record) return tonumber(redis.call('HGET', record, 'v') or 1) or 1 end

-- The latest version that a live worker reads.
local function newest_schema()
  local newest = SCHEMA
  for _, each in ipairs(redis.call('ZRANGEBYSCORE', SCHEMAS, NOW - ALIVE_MS, '+inf')) do
    newest = math.max(newest, tonumber(each))
  end
  return newest
end
