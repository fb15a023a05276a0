-- KEYS: the cells. ARGV: the clock or nothing, whether anything is taken, then burst and cost of each cell.
local now = clock(ARGV[1])
local tats, gives = look(1, 3, now)
if ARGV[2] == '1' then
    if gives then take(1, 3, now, tats) else heal(1, 3, now, tats) end
end
return say(gives and 'ok' or 'full', now, tats)
