-- Claim, quota and last Nonce in one trip. KEYS: the account's book, and the key's own page, which is touched only where
-- live claims are counted; in one slot with the buckets, whose names are the book's with a minute and a number. The
-- book has the epoch (`e`), until when it is kept (`x`), each minute's buckets, each key's last Nonce (`l…`), the cells.
-- ARGV: 1 epoch, 2 the clock or nothing, 3 the gateway's clock in ms, 4 stamp in ms, 5 print, 6 its low bits,
-- 7 the key, 8 nonce or nothing, 9 refuse the last one, 10 most live claims or nothing, 11 retention in ms, 12 the
-- key's lead in ms, 13 may a book be begun, 14 the gateways that live, then the cells.
local call = redis.call
local book, now, stamp, retention = KEYS[1], clock(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[11])
local now_ms, nonce, nodes, CELLS = floor(now / 1000), ARGV[8], ARGV[14], 15
if ARGV[2] == '' and math.abs(now_ms - tonumber(ARGV[3])) > 30000 then return { 'skew', now } end

local minute = whole(floor(stamp / 60000))
local ask = { 'HMGET', book, 'e', 'x', minute, 'l' .. ARGV[7] }
ask_for(ask, CELLS, nodes)
local found = call(unpack(ask))
local epoch, sizes = found[1], found[3]
if not epoch then
    if ARGV[13] == '0' then return { 'new', now } end
elseif tonumber(epoch) > tonumber(ARGV[1]) then
    return { 'behind', now }
end

local low = tonumber(ARGV[6])
local function bucket_of(m, n) return book .. ':' .. m .. ':' .. n .. '.' .. whole(low % tonumber(n)) end

-- A minute that fills up faster than the one before gets a layer of more buckets; a claim may lie in any of them. It is
-- written into the last at once, and taken out again by whatever refuses.
local bucket, n_buckets = nil, nil
if sizes then
    for n in string.gmatch(sizes, '%d+') do
        if bucket and call('HEXISTS', bucket, ARGV[5]) == 1 then return { 'seen', now } end
        bucket, n_buckets = bucket_of(minute, n), n
    end
    if call('HSETNX', bucket, ARGV[5], '') == 0 then return { 'seen', now } end
end
local function refuse(said)
    if bucket then call('HDEL', bucket, ARGV[5]) end
    return said
end

local last = string.match(found[4] or '', '^%d+') or ''
if ARGV[9] == '1' and nonce ~= '' and last == nonce then return refuse({ 'last', now }) end

local own, most = KEYS[2], tonumber(ARGV[10])
if most then
    local total = tonumber(call('HGET', own, 't') or '0')
    if total >= most then
        -- What is over is counted out.
        local all, oldest = call('HGETALL', own), nil
        total = 0
        for i = 1, #all, 2 do
            local m = tonumber(all[i])
            if m then
                if (m + 1) * 60000 + retention < now_ms then
                    call('HDEL', own, all[i])
                else
                    total = total + tonumber(all[i + 1])
                    if not oldest or m < oldest then oldest = m end
                end
            end
        end
        call('HSET', own, 't', total)
        if total >= most then
            local wait = ((oldest or 0) + 1) * 60000 + retention - now_ms
            return refuse({ 'many', now, max(1, math.ceil(wait / 1000)) })
        end
    end
end
if stamp - now_ms > 1000 and tonumber(ARGV[12]) < stamp then return refuse({ 'lead', now }) end

local ats, useds, gives = look(found, 5, CELLS, now, nodes)
if not gives then
    heal(book, CELLS, now, ats)
    return refuse(say('full', now, '', ats, useds))
end

-- Spent from here on. A bucket is kept for a minute longer than its claims are good, the book for longer than its
-- buckets, and a last Nonce for four hours.
local set = { 'HSET', book }
local ttl = max(60000, (tonumber(minute) + 1) * 60000 + retention + 60000 - now_ms)
local need = max(ttl + 60000, take(set, found, 5, CELLS, now, nodes, ats, useds))
if nonce ~= '' then
    set[#set + 1], set[#set + 2] = 'l' .. ARGV[7], nonce .. ' ' .. minute
    need = max(need, 14400000)
end
if epoch ~= ARGV[1] then set[#set + 1], set[#set + 2] = 'e', ARGV[1] end
if not bucket then
    -- As many buckets as hold 72 claims each, judged by the minute before: one sample of it is enough.
    local before, total = whole(tonumber(minute) - 1), 0
    for n in string.gmatch(call('HGET', book, before) or '', '%d+') do
        total = total + tonumber(n) * call('HLEN', bucket_of(before, n))
    end
    sizes = whole(min(16384, max(1, floor(total / 72 + 0.5))))
    n_buckets, bucket = sizes, bucket_of(minute, sizes)
    set[#set + 1], set[#set + 2] = minute, sizes
    call('HSET', bucket, ARGV[5], '')
    -- A book stays a small hash: what is over in it goes.
    if call('HLEN', book) > 100 then
        local all = call('HGETALL', book)
        for i = 1, #all, 2 do
            local name, value, is_over = all[i], all[i + 1], false
            local kind, m = string.sub(name, 1, 2), tonumber(name)
            if m then
                is_over = (m + 2) * 60000 + retention + 60000 < now_ms
            elseif string.sub(name, 1, 1) == 'l' then
                is_over = (tonumber(string.match(value, ' (%d+)$')) or 0) * 60000 + 14400000 < now_ms
            elseif kind == 'qr' then
                is_over = tonumber(value) < now
            elseif kind == 'qd' or kind == 'qm' then
                is_over = tonumber(string.match(value, '^%-?%d+')) < period_of(string.sub(name, 2, 2), now)
            elseif kind == 'qc' then
                is_over = value == '0' or not string.find(nodes, string.match(name, '%x+$'), 1, true)
            end
            if is_over then call('HDEL', book, name) end
        end
    end
end
local n_claims = call('HLEN', bucket)
if n_claims == 1 then call('PEXPIRE', bucket, whole(ttl)) end
-- Beyond 128 fields a hash costs four times as much a field.
if n_claims >= 125 and tonumber(n_buckets) < 16384 then
    set[#set + 1], set[#set + 2] = minute, sizes .. ',' .. whole(tonumber(n_buckets) * 2)
end
local kept = keep(book, set, found[2], now_ms, need)
if #set > 2 then call(unpack(set)) end
if kept then call('PEXPIRE', book, kept) end
if most then
    call('HINCRBY', own, minute, 1)
    call('HINCRBY', own, 't', 1)
    if call('PTTL', own) < ttl then call('PEXPIRE', own, whole(max(2 * ttl, 14400000))) end
end
return say('ok', now, last, ats, useds)
