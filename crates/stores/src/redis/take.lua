-- KEYS: the book of an account, or of an address. ARGV: the clock or nothing; `take`, `look`, or `back` for what was
-- taken and not used; the gateways that live; then the cells.
local book, now, nodes = KEYS[1], clock(ARGV[1]), ARGV[3]
local ask = { 'HMGET', book, 'x' }
ask_for(ask, 4, nodes)
local found = redis.call(unpack(ask))
local ats, useds, gives = look(found, 2, 4, now, nodes)
if ARGV[2] == 'back' then
    local set, i = { 'HSET', book }, 0
    for a = 4, #ARGV, 4 do
        i = i + 1
        local kind, cost = ARGV[a + 1], tonumber(ARGV[a + 3])
        if kind == 'r' then
            set[#set + 1], set[#set + 2] = ARGV[a], whole(ats[i] - cost)
        elseif kind ~= 'c' and ats[i] == period_of(kind, now) then
            set[#set + 1], set[#set + 2] = ARGV[a], ats[i] .. ' ' .. whole(max(0, useds[i] - cost))
        end
    end
    -- A book that is gone has nothing to give back.
    if #set > 2 and found[1] then redis.call(unpack(set)) end
elseif ARGV[2] == 'take' and gives then
    local set, now_ms = { 'HSET', book }, floor(now / 1000)
    local ttl = keep(book, set, found[1], now_ms, take(set, found, 2, 4, now, nodes, ats, useds))
    redis.call(unpack(set))
    if ttl then redis.call('PEXPIRE', book, ttl) end
elseif ARGV[2] == 'take' then
    heal(book, 4, now, ats)
end
return say(gives and 'ok' or 'full', now, '', ats, useds)
