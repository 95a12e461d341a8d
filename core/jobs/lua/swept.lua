-- End a pass of the sweep: what it returned has been published.
-- ARGV: sweeper, milliseconds that it goes on to be the only one.
if redis.call('GET', key('sweep')) == ARGV[2] then
  redis.call('SET', key('sweep'), ARGV[2], 'PX', ARGV[3])
  redis.call('SET', key('swept'), NOW)
end
