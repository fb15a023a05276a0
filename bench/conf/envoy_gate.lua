-- The same four gates for Envoy's Lua filter. Its interface has no HMAC, so SHA-1 is written here, on LuaJIT's bit
-- library and an FFI buffer. Nonces and rates are tables of the worker: right with one worker, as it is run here.
local bit, ffi = require("bit"), require("ffi")
local band, bor, bxor, rol, tobit, rshift = bit.band, bit.bor, bit.bxor, bit.rol, bit.tobit, bit.rshift
local byte, char, rep, sub, find = string.byte, string.char, string.rep, string.sub, string.find
local sort, concat, floor = table.sort, table.concat, math.floor

local WINDOW_S = 7200
local PREFIX = '{"code":0,"message":"","codeDesc":"Success",'
local COMMON = { Action = true, SecretId = true, Nonce = true, Timestamp = true, SignatureMethod = true, Region = true }

local words = ffi.new("int32_t[80]")

local function four(n)
  return char(band(rshift(n, 24), 255), band(rshift(n, 16), 255), band(rshift(n, 8), 255), band(n, 255))
end

-- FIPS 180-4, 6.1.2: a state after one block of a message more. The words are in `words`.
local function block(a0, b0, c0, d0, e0, message, at)
  for i = 0, 15 do
    local p, q, r, s = byte(message, at + i * 4, at + i * 4 + 3)
    words[i] = p * 16777216 + q * 65536 + r * 256 + s - (p > 127 and 4294967296 or 0)
  end
  for i = 16, 79 do words[i] = rol(bxor(words[i - 3], words[i - 8], words[i - 14], words[i - 16]), 1) end
  local a, b, c, d, e = a0, b0, c0, d0, e0
  for i = 0, 19 do
    a, b, c, d, e = tobit(rol(a, 5) + bxor(d, band(b, bxor(c, d))) + e + 0x5A827999 + words[i]), a, rol(b, 30), c, d
  end
  for i = 20, 39 do a, b, c, d, e = tobit(rol(a, 5) + bxor(b, c, d) + e + 0x6ED9EBA1 + words[i]), a, rol(b, 30), c, d end
  for i = 40, 59 do
    a, b, c, d, e = tobit(rol(a, 5) + bor(band(b, c), band(d, bor(b, c))) + e + 0x8F1BBCDC + words[i]), a, rol(b, 30), c, d
  end
  for i = 60, 79 do a, b, c, d, e = tobit(rol(a, 5) + bxor(b, c, d) + e + 0xCA62C1D6 + words[i]), a, rol(b, 30), c, d end
  return tobit(a0 + a), tobit(b0 + b), tobit(c0 + c), tobit(d0 + d), tobit(e0 + e)
end

-- Goes on from the state after one block: the pads of HMAC are hashed once a key, not once a call.
local function go_on(state, message)
  local padded = message .. "\128" .. rep("\0", (55 - #message) % 64) .. four(0) .. four((#message + 64) * 8)
  local a, b, c, d, e = state[1], state[2], state[3], state[4], state[5]
  for at = 1, #padded, 64 do a, b, c, d, e = block(a, b, c, d, e, padded, at) end
  return four(a) .. four(b) .. four(c) .. four(d) .. four(e)
end

local function after_pad(secret, pad)
  local bytes = {}
  for i = 1, 64 do bytes[i] = char(bxor(byte(secret, i) or 0, pad)) end
  return { block(tobit(0x67452301), tobit(0xEFCDAB89), tobit(0x98BADCFE), tobit(0x10325476), tobit(0xC3D2E1F0), concat(bytes), 1) }
end

local keys = {}
for line in io.lines("@KEYS@") do
  local id, secret, rate = line:match("^(%S+)\t(%S+)\t(%d+)$")
  keys[id] = { inner = after_pad(secret, 0x36), outer = after_pad(secret, 0x5c), rate = tonumber(rate), second = 0, used = 0 }
end

-- Two generations of a window each: the older is dropped whole, so that the tables do not grow for ever.
local nonces, older, turned = {}, {}, 0

local function unescape(text)
  if not find(text, "[%%+]") then return text end
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return char(tonumber(hex, 16)) end))
end

local function refuse(handle, code, message)
  handle:respond({ [":status"] = "200", ["content-type"] = "application/json" }, '{"code":' .. code .. ',"message":"' .. message .. '"}')
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local target = headers:get(":path")
  local mark = find(target, "?", 1, true)
  if not mark then return refuse(handle, 4000, "a common parameter is missing") end
  local args, names, raw, n = {}, {}, {}, 0
  for pair, name, value in sub(target, mark + 1):gmatch("(([^&=]+)=([^&]*))") do
    if args[name] then return refuse(handle, 4000, "twice") end
    args[name], raw[name] = unescape(value), pair
    if name ~= "Signature" then n = n + 1; names[n] = name end
  end
  local id, nonce, stamp = args.SecretId, args.Nonce, tonumber(args.Timestamp)
  if not (args.Action and id and nonce and stamp and args.Signature) then
    return refuse(handle, 4000, "a common parameter is missing")
  end
  local now = floor(tonumber(handle:timestamp()) / 1000)
  if stamp - now > WINDOW_S or now - stamp > WINDOW_S then return refuse(handle, 4200, "expired") end
  local key = keys[id]
  if not key then return refuse(handle, 4100, "no such key") end

  sort(names)
  local rest, n_rest = {}, 0
  for i = 1, n do
    local name = names[i]
    if not COMMON[name] then n_rest = n_rest + 1; rest[n_rest] = raw[name] end
    names[i] = name .. "=" .. args[name]
  end
  local text = headers:get(":method") .. headers:get(":authority") .. sub(target, 1, mark) .. concat(names, "&")
  if handle:base64Escape(go_on(key.outer, go_on(key.inner, text))) ~= args.Signature then
    return refuse(handle, 4100, "another signature")
  end

  if now - turned > 2 * WINDOW_S then nonces, older, turned = {}, nonces, now end
  local spent = id .. nonce .. ":" .. stamp
  if nonces[spent] or older[spent] then return refuse(handle, 4500, "replay") end
  nonces[spent] = true
  if key.second ~= now then key.second, key.used = now, 0 end
  key.used = key.used + 1
  if key.used > key.rate then return refuse(handle, 4400, "too many") end

  headers:replace(":path", "/" .. args.Action .. "?" .. concat(rest, "&"))
  headers:replace("x-account", id)
end

function envoy_on_response(handle)
  local body = handle:body()
  if body and body:length() > 0 then
    local answer = PREFIX .. sub(body:getBytes(0, body:length()), 2)
    body:setBytes(answer)
    handle:headers():replace("content-length", #answer)
  end
end
