-- Claim, quota and last Nonce in one trip. KEYS: the account's book, and the key's own page, which is touched only where
-- live claims are counted; in one slot with the buckets, whose names are the book's with a minute and a number. The
-- book has the epoch (`e`), until when it is kept (`x`), each minute's buckets, each key's last Nonce (`l…`), the cells.
-- ARGV: 1 epoch, 2 the clock or nothing, 3 the gateway's clock in ms, 4 stamp in ms, 5 print, 6 its low bits,
-- 7 the field of the key's last Nonce, 8 nonce or nothing, 9 refuse the last one, 10 most live claims or nothing,
-- 11 retention in ms, 12 the key's lead in ms, 13 may a book be begun, 14 the gateways that live, 15 the stamp's minute,
-- then the cells. What most calls do is written for Redis's time: each table, function and text that is made costs.
local call, CELLS = redis.call, 16
local book, now, minute = KEYS[1], tonumber(ARGV[2]), ARGV[15]
if not now then
    local t = call('TIME')
    -- In whole milliseconds: what is said to the client is worked out from the same.
    now = tonumber(t[1]) * 1000000 + floor(tonumber(t[2]) / 1000) * 1000
    if math.abs(now / 1000 - tonumber(ARGV[3])) > 30000 then return { 'skew', now } end
end
local now_ms, stamp, retention = now / 1000, tonumber(ARGV[4]), tonumber(ARGV[11])

local found, ask_for, look, take, heal, say, period_of
if #ARGV < CELLS then
    found = call('HMGET', book, 'e', 'x', minute, ARGV[7])
else
    ask_for, look, take, heal, say, period_of = of_cells()
    local ask = { 'HMGET', book, 'e', 'x', minute, ARGV[7] }
    ask_for(ask, CELLS, ARGV[14])
    found = call(unpack(ask))
end
local epoch, sizes = found[1], found[3]
if not epoch then
    if ARGV[13] == '0' then return { 'new', now } end
elseif epoch ~= ARGV[1] and tonumber(epoch) > tonumber(ARGV[1]) then
    return { 'behind', now }
end

-- A minute that fills up faster than the one before gets a layer of more buckets; a claim may lie in any of them. It is
-- written into the last at once, and taken out again by whatever refuses.
local low, bucket, n_buckets = tonumber(ARGV[6]), nil, sizes and tonumber(sizes)
if n_buckets then
    bucket = book .. ':' .. minute .. ':' .. sizes .. '.' .. low % n_buckets
elseif sizes then
    for n in string.gmatch(sizes, '%d+') do
        if bucket and call('HEXISTS', bucket, ARGV[5]) == 1 then return { 'seen', now } end
        n_buckets = tonumber(n)
        bucket = book .. ':' .. minute .. ':' .. n .. '.' .. low % n_buckets
    end
end
if bucket and call('HSETNX', bucket, ARGV[5], '') == 0 then return { 'seen', now } end
local function refuse(said)
    if bucket then call('HDEL', bucket, ARGV[5]) end
    return said
end

local last, nonce = found[4] or '', ARGV[8]
if ARGV[9] == '1' and nonce ~= '' and string.find(last, nonce .. ' ', 1, true) == 1 then
    return refuse({ 'last', now })
end

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

local ats, useds, gives, nodes = nil, nil, true, ARGV[14]
if look then
    ats, useds, gives = look(found, 5, CELLS, now, nodes)
    if not gives then
        heal(book, CELLS, now, ats)
        return refuse(say('full', now, '', ats, useds))
    end
end

-- Spent from here on. A bucket is kept for a minute longer than its claims are good, the book for longer than its
-- buckets, and a last Nonce for four hours.
local ttl = max(60000, (tonumber(minute) + 1) * 60000 + retention + 60000 - now_ms)
local need = ttl + 60000
if epoch ~= ARGV[1] then call('HSET', book, 'e', ARGV[1]) end
if not bucket then
    -- As many buckets as hold 72 claims each, judged by the minute before: one sample of it is enough.
    local before, total = whole(tonumber(minute) - 1), 0
    for n in string.gmatch(call('HGET', book, before) or '', '%d+') do
        total = total + tonumber(n) * call('HLEN', book .. ':' .. before .. ':' .. n .. '.' .. low % tonumber(n))
    end
    n_buckets = min(16384, max(1, floor(total / 72 + 0.5)))
    sizes = whole(n_buckets)
    bucket = book .. ':' .. minute .. ':' .. sizes .. '.' .. low % n_buckets
    call('HSET', book, minute, sizes)
    call('HSET', bucket, ARGV[5], '')
    -- A book stays a small hash: what is over in it goes.
    if call('HLEN', book) > 100 then
        if not period_of then ask_for, look, take, heal, say, period_of = of_cells() end
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
if n_claims >= 125 and n_buckets < 16384 then
    call('HSET', book, minute, sizes .. ',' .. whole(n_buckets * 2))
end
if ats then
    local set = { 'HSET', book }
    need = max(need, take(set, found, 5, CELLS, now, nodes, ats, useds))
    if nonce ~= '' then
        set[#set + 1], set[#set + 2] = ARGV[7], nonce .. ' ' .. minute
        need = max(need, 14400000)
    end
    call(unpack(set))
elseif nonce ~= '' then
    call('HSET', book, ARGV[7], nonce .. ' ' .. minute)
    need = max(need, 14400000)
end
keep(book, found[2], now_ms, need)
if most then
    call('HINCRBY', own, minute, 1)
    call('HINCRBY', own, 't', 1)
    if call('PTTL', own) < ttl then call('PEXPIRE', own, whole(max(2 * ttl, 14400000))) end
end
if ats then return say('ok', now, last, ats, useds) end
return { 'ok', now, last }
