-- The cells of a call. Whether they give is decided here, exactly as `quota::gcra::decide` does; what is said of
-- them to the client is worked out from the numbers that come back.
local function clock(given)
    if given ~= '' then return tonumber(given) end
    local t = redis.call('TIME')
    -- In whole milliseconds: what is said to the client is worked out from the same.
    return tonumber(t[1]) * 1000000 + math.floor(tonumber(t[2]) / 1000) * 1000
end

local function whole(n) return string.format('%.0f', n) end

-- Looks at the cells from KEYS[k] on, whose burst and cost in microseconds stand from ARGV[a] on: when each would
-- be full again, and whether all of them give.
local function look(k, a, now)
    local tats, gives = {}, true
    for i = 0, #KEYS - k do
        local tat = tonumber(redis.call('GET', KEYS[k + i]) or '0')
        local burst, cost = tonumber(ARGV[a + 2 * i]), tonumber(ARGV[a + 2 * i + 1])
        tats[i + 1] = tat
        local from = math.max(now, math.min(tat, now + burst))
        if from + cost > now + burst then gives = false end
    end
    return tats, gives
end

-- Takes from all. A cell outlives its time by a minute, so that a clock that is set back finds it.
local function take(k, a, now, tats)
    for i = 0, #KEYS - k do
        local burst, cost = tonumber(ARGV[a + 2 * i]), tonumber(ARGV[a + 2 * i + 1])
        local to = math.max(now, math.min(tats[i + 1], now + burst)) + cost
        redis.call('SET', KEYS[k + i], whole(to), 'PX', whole(math.ceil((to - now) / 1000) + 60000))
    end
end

-- A refusal leaves every cell as it is, but one from a clock that was set back comes down to empty.
local function heal(k, a, now, tats)
    for i = 0, #KEYS - k do
        local empty = now + tonumber(ARGV[a + 2 * i])
        if tats[i + 1] > empty then redis.call('SET', KEYS[k + i], whole(empty), 'KEEPTTL') end
    end
end

local function say(word, now, tats)
    local said = { word, whole(now) }
    for i = 1, #tats do said[i + 2] = whole(tats[i]) end
    return said
end
