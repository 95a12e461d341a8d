-- Cancel a job; returns its state afterwards, or nothing if there is none.  ARGV: id.
cancel(ARGV[2])
return get(ARGV[2], 'state')
