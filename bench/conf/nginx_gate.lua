-- Four of the gates, in nginx's Lua: signature, window, nonce, rate. What a good team writes in a week, with LuaJIT and
-- lua-resty-core, and as cheap as its author could make it: no regular expressions, no JSON, one pass over the pairs.
-- It does not: say which mistake was made, keep a nonce over a restart, meter, check parameters, owners or money.
local ngx = ngx
local shared_nonces, shared_rates = ngx.shared.nonces, ngx.shared.rates
local hmac_sha1, encode_base64, now_s = ngx.hmac_sha1, ngx.encode_base64, ngx.time
local get_uri_args, set_uri_args, set_uri = ngx.req.get_uri_args, ngx.req.set_uri_args, ngx.req.set_uri
local set_header, get_method = ngx.req.set_header, ngx.req.get_method
local sort, concat, tonumber, pairs, type = table.sort, table.concat, tonumber, pairs, type
local clear = require("table.clear")

local WINDOW_S = 7200
local PREFIX = '{"code":0,"message":"","codeDesc":"Success",'
-- What the upstream does not get.
local COMMON = { "Action", "SecretId", "Nonce", "Timestamp", "SignatureMethod", "Region" }

-- `refusal`: the status of a refusal, 403 where Envoy asks whether a call may pass.
local gate = { secrets = {}, rates = {}, refusal = 200 }
-- One table for the pairs of every call: nothing here yields between filling and joining it.
local joined = require("table.new")(32, 0)

-- Reads `id TAB secret TAB calls a second` lines, once, before the workers begin.
function gate.load(path)
  for line in io.lines(path) do
    local id, secret, rate = line:match("^(%S+)\t(%S+)\t(%d+)$")
    gate.secrets[id], gate.rates[id] = secret, tonumber(rate)
  end
end

local function refuse(code, message)
  ngx.status = gate.refusal
  ngx.header["Content-Type"] = "application/json"
  ngx.print('{"code":', code, ',"message":"', message, '"}')
  return ngx.exit(ngx.HTTP_OK)
end

function gate.check()
  local args, err = get_uri_args(100)
  local id, nonce, stamp, signature = args.SecretId, args.Nonce, tonumber(args.Timestamp), args.Signature
  if err or not (args.Action and id and nonce and stamp and signature) then
    return refuse(4000, "a common parameter is missing")
  end
  local now = now_s()
  if stamp - now > WINDOW_S or now - stamp > WINDOW_S then return refuse(4200, "expired") end
  local secret = gate.secrets[id]
  if not secret then return refuse(4100, "no such key") end

  args.Signature = nil
  clear(joined)
  local n = 0
  for name in pairs(args) do n = n + 1; joined[n] = name end
  sort(joined)
  for i = 1, n do
    local value = args[joined[i]]
    -- A name that came twice is a table here, and cannot have been signed.
    if type(value) == "table" then return refuse(4000, "twice") end
    joined[i] = joined[i] .. "=" .. value
  end
  local text = get_method() .. ngx.var.http_host .. ngx.var.uri .. "?" .. concat(joined, "&", 1, n)
  if encode_base64(hmac_sha1(secret, text)) ~= signature then return refuse(4100, "another signature") end

  -- `safe_add`: a full dictionary refuses, where `add` would forget a nonce that is still good.
  local added, why = shared_nonces:safe_add(id .. nonce .. ":" .. stamp, true, WINDOW_S)
  if not added then
    if why == "exists" then return refuse(4500, "replay") end
    return refuse(6200, "no room for nonces")
  end
  local used = shared_rates:incr(id .. now, 1, 0, 2)
  if not used or used > gate.rates[id] then return refuse(4400, "too many") end

  set_uri("/" .. args.Action)
  for i = 1, #COMMON do args[COMMON[i]] = nil end
  set_uri_args(args)
  set_header("X-Account", id)
  ngx.ctx.passed = true
end

function gate.head()
  if not ngx.ctx.passed then return end
  local length = tonumber(ngx.header["Content-Length"])
  -- One brace of the upstream's answer goes.
  if length then ngx.header["Content-Length"] = length + #PREFIX - 1 end
end

function gate.body()
  local ctx = ngx.ctx
  if ctx.passed then
    ctx.passed = nil
    ngx.arg[1] = PREFIX .. ngx.arg[1]:sub(2)
  end
end

return gate
