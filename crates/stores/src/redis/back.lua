-- Makes a claim unspent. KEYS: the account's book, the key's own page. ARGV: 1 minute, 2 print, 3 its low bits,
-- 4 the key, 5 nonce or nothing, 6 the one before it or nothing, 7 was it counted.
local was = 0
for n in string.gmatch(redis.call('HGET', KEYS[1], ARGV[1]) or '', '%d+') do
    local at = string.format('%.0f', tonumber(ARGV[3]) % tonumber(n))
    local bucket = KEYS[1] .. ':' .. ARGV[1] .. ':' .. n .. '.' .. at
    if was == 0 then was = redis.call('HDEL', bucket, ARGV[2]) end
end
if was == 1 then
    if ARGV[7] == '1' then
        redis.call('HINCRBY', KEYS[2], ARGV[1], -1)
        redis.call('HINCRBY', KEYS[2], 't', -1)
    end
    -- The key's last Nonce is the one before again, unless the key went on.
    local field = 'l' .. ARGV[4]
    local last, minute = string.match(redis.call('HGET', KEYS[1], field) or '', '^(%d+) (%d+)$')
    if ARGV[5] ~= '' and last == ARGV[5] then
        if ARGV[6] == '' then
            redis.call('HDEL', KEYS[1], field)
        else
            redis.call('HSET', KEYS[1], field, ARGV[6] .. ' ' .. minute)
        end
    end
end
return was
