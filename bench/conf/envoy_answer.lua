-- The answer's beginning, for Envoy with a service that was asked whether the call may pass.
local PREFIX = '{"code":0,"message":"","codeDesc":"Success",'

function envoy_on_response(handle)
  local headers = handle:headers()
  if headers:get(":status") ~= "200" then return end
  local body = handle:body()
  if body and body:length() > 0 then
    local answer = PREFIX .. string.sub(body:getBytes(0, body:length()), 2)
    body:setBytes(answer)
    headers:replace("content-length", #answer)
  end
end
