-- Records of later versions than the caller's, which wait for a process that can read them.
-- core/jobs/scripts.py puts SCHEMA, the caller's version, before this.
local NEWER, NEWER_WAIT_MS, STARTED_MS = key('jobs:newer'), 30000, 60000

-- The version of a record; one that says none is of version 1.
local function schema_of(record) return tonumber(redis.call('HGET', record, 'v') or 1) or 1 end
