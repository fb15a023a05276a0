-- Calls that are over. KEYS: the account's book. ARGV: this gateway's field of each cell, as often as calls are over.
for i = 1, #ARGV do
    if tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0) > 0 then redis.call('HINCRBY', KEYS[1], ARGV[i], -1) end
end
return 0
