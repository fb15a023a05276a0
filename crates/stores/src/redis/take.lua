-- KEYS: the book of an account, or of an address. ARGV: the clock or nothing; `take`, `look`, or `back` for what was
-- taken and not used; the gateways that live; then the cells.
local book, now, nodes = KEYS[1], tonumber(ARGV[1]), ARGV[3]
if not now then
    local t = redis.call('TIME')
    -- In whole milliseconds: what is said to the client is worked out from the same.
    now = tonumber(t[1]) * 1000000 + floor(tonumber(t[2]) / 1000) * 1000
end
local ask_for, look, take, heal, say, period_of = of_cells()
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
    local set = { 'HSET', book }
    local need = take(set, found, 2, 4, now, nodes, ats, useds)
    redis.call(unpack(set))
    keep(book, found[1], floor(now / 1000), need)
elseif ARGV[2] == 'take' then
    heal(book, 4, now, ats)
end
return say(gives and 'ok' or 'full', now, '', ats, useds)
