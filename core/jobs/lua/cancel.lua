-- Cancel a job; returns its state before and afterwards, twice nothing if there is none.  ARGV: id.
local before = get(ARGV[2], 'state')
cancel(ARGV[2])
return {before, get(ARGV[2], 'state')}
