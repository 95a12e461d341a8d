-- Who is told of a change.
-- Tell whoever follows the stream; 'more' is a list of further fields and values.
local function emit(id, state, more)
  local about, owner = {'attempt', get(id, 'attempt'), unpack(more or {})}, get(id, 'owner')
  if owner then
    about[#about + 1] = 'owner'
    about[#about + 1] = owner
  end
  redis.call('XADD', key('events'), 'MAXLEN', '~', EVENTS_KEPT, '*', 'job', id, 'state', state,
    unpack(about))
end

-- Leave a delivery to the webhook that a job or a batch names, if it wants to hear of this state.
local function notify(kind, id, state)
  local record = key(kind .. ':' .. id)
  local webhook = redis.call('HGET', record, 'webhook')
  if not webhook then return end
  webhook = cjson.decode(webhook)
  for _, wanted in ipairs(webhook.events) do
    if wanted == state then
      local delivery = id .. '.' .. redis.call('HINCRBY', record, 'deliveries', 1)
      redis.call('HSET', key('delivery:' .. delivery), 'v', SCHEMA, kind, id,
        'event', kind .. '.' .. state, 'url', webhook.url, 'state', 'pending', 'created', NOW)
      redis.call('ZADD', key('deliveries:due'), NOW, delivery)
    end
  end
end

local function forget_deliveries(id, count)
  for n = 1, count do
    redis.call('DEL', key('delivery:' .. id .. '.' .. n))
    redis.call('ZREM', key('deliveries:due'), id .. '.' .. n)
    redis.call('ZREM', key('deliveries:failed'), id .. '.' .. n)
  end
end
