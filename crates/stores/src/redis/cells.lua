-- The cells of a call: fields of one hash, read at once and written at once. Four arguments each: the field, its kind
-- (r a rate, d a day, m a month, c calls under way), how much it gives, what the call takes. Of a rate these are
-- microseconds. Whether they give is decided here, exactly as `quota::cells::decide` does; what is said of them to the
-- client is worked out from the numbers that come back.
local floor, max, min = math.floor, math.max, math.min

-- Written out in full: a number of many digits may be written as a power of ten.
local function whole(n) return string.format('%.0f', n) end

-- When a book would end is a field of it, `x`: it is asked with the others, and the book is kept longer than need be, so
-- that this is rarely said again.
local function keep(book, until_ms, now_ms, need)
    if until_ms and tonumber(until_ms) >= now_ms + need then return end
    redis.call('HSET', book, 'x', whole(now_ms + need + 600000))
    redis.call('PEXPIRE', book, whole(need + 600000))
end

-- Made only where a call has cells: making functions takes longer than most of what they do.
local function of_cells()
    -- The day since 1970, or the month since the year 0, of UTC.
    local function period_of(kind, now)
        local day = floor(now / 86400000000)
        if kind == 'd' then return day end
        local z = day + 719468
        local era = floor(z / 146097)
        local d = z - era * 146097
        local y = floor((d - floor(d / 1460) + floor(d / 36524) - floor(d / 146096)) / 365)
        local of_march = floor((5 * (d - 365 * y - floor(y / 4) + floor(y / 100)) + 2) / 153)
        if of_march < 10 then return (y + era * 400) * 12 + of_march + 2 end
        return (y + era * 400 + 1) * 12 + of_march - 10
    end

    -- Calls under way have a field for each gateway that lives.
    local function ask_for(ask, first, nodes)
        for a = first, #ARGV, 4 do
            if ARGV[a + 1] == 'c' then
                for node in string.gmatch(nodes, '%x+') do ask[#ask + 1] = ARGV[a] .. node end
            else
                ask[#ask + 1] = ARGV[a]
            end
        end
    end

    -- What was found from `at` on: of each cell when it would be full or its period, and what is used; whether all give.
    local function look(found, at, first, now, nodes)
        local ats, useds, gives, i = {}, {}, true, 0
        for a = first, #ARGV, 4 do
            local kind, most, cost, used = ARGV[a + 1], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3]), 0
            i = i + 1
            if kind == 'r' then
                local tat = tonumber(found[at] or 0)
                ats[i], at = tat, at + 1
                if max(now, min(tat, now + most)) + cost > now + most then gives = false end
            elseif kind == 'c' then
                for _ in string.gmatch(nodes, '%x+') do
                    used, at = used + tonumber(found[at] or 0), at + 1
                end
                ats[i] = 0
                if used + cost > most then gives = false end
            else
                local period, of = string.match(found[at] or '0 0', '^(%-?%d+) (%d+)$')
                ats[i], used, at = tonumber(period), tonumber(of), at + 1
                if (ats[i] >= period_of(kind, now) and used or 0) + cost > most then gives = false end
            end
            useds[i] = used
        end
        return ats, useds, gives
    end

    -- Takes from all: what is to be set, and for how many milliseconds the longest of it is to be kept. The first node is
    -- the one that takes.
    local function take(set, found, at, first, now, nodes, ats, useds)
        local need, i = 0, 0
        for a = first, #ARGV, 4 do
            local kind, most, cost = ARGV[a + 1], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
            i = i + 1
            if kind == 'r' then
                local to = max(now, min(ats[i], now + most)) + cost
                set[#set + 1], set[#set + 2] = ARGV[a], whole(to)
                need, at = max(need, (to - now) / 1000 + 60000), at + 1
            elseif kind == 'c' then
                set[#set + 1] = ARGV[a] .. string.match(nodes, '%x+')
                set[#set + 1] = tonumber(found[at] or 0) + cost
                need = max(need, 86400000)
                for _ in string.gmatch(nodes, '%x+') do at = at + 1 end
            else
                local period = period_of(kind, now)
                -- A period that lies ahead is from a clock that was set back: what was used stays used.
                local used = ats[i] >= period and useds[i] or 0
                set[#set + 1], set[#set + 2] = ARGV[a], period .. ' ' .. whole(used + cost)
                need, at = max(need, kind == 'd' and 172800000 or 2764800000), at + 1
            end
        end
        return need
    end

    -- A refusal leaves every cell as it is, but a rate from a clock that was set back comes down to empty.
    local function heal(book, first, now, ats)
        local i = 0
        for a = first, #ARGV, 4 do
            i = i + 1
            local empty = now + tonumber(ARGV[a + 2])
            if ARGV[a + 1] == 'r' and ats[i] > empty then redis.call('HSET', book, ARGV[a], whole(empty)) end
        end
    end

    local function say(word, now, last, ats, useds)
        local said = { word, now, last }
        for i = 1, #ats do said[#said + 1], said[#said + 2] = ats[i], useds[i] end
        return said
    end

    return ask_for, look, take, heal, say, period_of
end
