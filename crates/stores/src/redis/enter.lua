-- Claim, quota and last Nonce in one trip. KEYS: the account's book, the key's own page, then the cells; all in
-- one slot, and so are the buckets, whose names are the book's with a minute and a number.
-- ARGV: 1 epoch, 2 the clock or nothing, 3 the gateway's clock in ms, 4 stamp in ms, 5 print, 6 its low bits,
-- 7 nonce or nothing, 8 refuse the last one, 9 most live claims or nothing, 10 retention in ms, 11 the key's lead
-- in ms, 12 may a book be begun, then burst and cost of each cell.
local book, own = KEYS[1], KEYS[2]
local now = clock(ARGV[2])
local now_ms, stamp, retention = math.floor(now / 1000), tonumber(ARGV[4]), tonumber(ARGV[10])
local nonce = ARGV[7]
if ARGV[2] == '' and math.abs(now_ms - tonumber(ARGV[3])) > 30000 then return { 'skew', whole(now) } end

local minute = whole(math.floor(stamp / 60000))
local known = redis.call('HMGET', book, 'e', minute)
if not known[1] then
    if ARGV[12] == '0' then return { 'new', whole(now) } end
elseif tonumber(known[1]) > tonumber(ARGV[1]) then
    return { 'behind', whole(now) }
end

local function bucket_of(m, n) return book .. ':' .. m .. ':' .. n .. '.' .. whole(tonumber(ARGV[6]) % tonumber(n)) end

-- A minute that fills up faster than the one before gets a layer of more buckets; a claim may lie in any of them.
local n_buckets = nil
for n in string.gmatch(known[2] or '', '%d+') do
    n_buckets = n
    if redis.call('HEXISTS', bucket_of(minute, n_buckets), ARGV[5]) == 1 then return { 'seen', whole(now) } end
end
local last = redis.call('HGET', own, 'l')
if ARGV[8] == '1' and last and last == nonce then return { 'last', whole(now) } end

if ARGV[9] ~= '' then
    local most, total = tonumber(ARGV[9]), tonumber(redis.call('HGET', own, 't') or '0')
    if total >= most then
        -- What is over is counted out.
        local all, oldest = redis.call('HGETALL', own), nil
        total = 0
        for i = 1, #all, 2 do
            local m = tonumber(all[i])
            if m then
                if (m + 1) * 60000 + retention < now_ms then
                    redis.call('HDEL', own, all[i])
                else
                    total = total + tonumber(all[i + 1])
                    if not oldest or m < oldest then oldest = m end
                end
            end
        end
        redis.call('HSET', own, 't', total)
        if total >= most then
            local wait = ((oldest or 0) + 1) * 60000 + retention - now_ms
            return { 'many', whole(now), whole(math.max(1, math.ceil(wait / 1000))) }
        end
    end
end
if stamp - now_ms > 1000 and tonumber(ARGV[11]) < stamp then return { 'lead', whole(now) } end

local tats, gives = look(3, 13, now)
if not gives then
    heal(3, 13, now, tats)
    return say('full', now, tats)
end
take(3, 13, now, tats)

-- Spent from here on. A bucket is kept for a minute longer than its claims are good.
local ttl = math.max(60000, (tonumber(minute) + 1) * 60000 + retention + 60000 - now_ms)
if known[1] ~= ARGV[1] then redis.call('HSET', book, 'e', ARGV[1]) end
if not n_buckets then
    -- As many buckets as hold 72 claims each, judged by the minute before: one sample of it is enough.
    local before = whole(tonumber(minute) - 1)
    local total = 0
    for n in string.gmatch(redis.call('HGET', book, before) or '', '%d+') do
        total = total + tonumber(n) * redis.call('HLEN', bucket_of(before, n))
    end
    n_buckets = whole(math.min(16384, math.max(1, math.floor(total / 72 + 0.5))))
    known[2] = n_buckets
    redis.call('HSET', book, minute, n_buckets)
    -- A book stays a small hash.
    if redis.call('HLEN', book) > 100 then
        for _, m in ipairs(redis.call('HKEYS', book)) do
            local old = tonumber(m)
            if old and (old + 2) * 60000 + retention + 60000 < now_ms then redis.call('HDEL', book, m) end
        end
    end
    if redis.call('PTTL', book) < ttl + 60000 then redis.call('PEXPIRE', book, ttl + 660000) end
end
local bucket = bucket_of(minute, n_buckets)
redis.call('HSET', bucket, ARGV[5], '')
local n_claims = redis.call('HLEN', bucket)
if n_claims == 1 then redis.call('PEXPIRE', bucket, ttl) end
-- Beyond 128 fields a hash costs four times as much a field.
if n_claims >= 125 and tonumber(n_buckets) < 16384 then
    redis.call('HSET', book, minute, known[2] .. ',' .. whole(tonumber(n_buckets) * 2))
end
if nonce ~= '' then redis.call('HSET', own, 'l', nonce) end
if ARGV[9] ~= '' then
    redis.call('HINCRBY', own, minute, 1)
    redis.call('HINCRBY', own, 't', 1)
end
if redis.call('PTTL', own) < ttl then redis.call('PEXPIRE', own, math.max(2 * ttl, 14400000)) end
local said = say('ok', now, tats)
said[#said + 1] = last or ''
return said
