-- Counters that only grow, for metrics: one hash, whose fields are as many as there are states, codes
-- and stages, however many jobs there are.  Field: name, and the values of its labels.
local function tally(field, by) redis.call('HINCRBY', key('totals'), field, by or 1) end
