-- Writes what this Redis is over what it was, if nobody else did meanwhile. KEYS: the mark. ARGV: what it was, or
-- nothing; what it is. What stands there now.
local was = redis.call('GET', KEYS[1]) or ''
if was ~= ARGV[1] then return was end
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]
