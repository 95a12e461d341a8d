-- Note that an upload's parts have become its object.  ARGV: id.
if redis.call('HGET', upload_key(ARGV[2]), 'state') == 'pending' then
  redis.call('HSET', upload_key(ARGV[2]), 'state', 'complete')
end
