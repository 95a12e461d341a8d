-- End an attempt with an error for good; returns 1, or 0 if it is over.  ARGV: id, token, error.
if not holds(ARGV[2], ARGV[3]) then return 0 end
fail(ARGV[2], ARGV[4])
return 1
