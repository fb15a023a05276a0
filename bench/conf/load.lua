-- wrk's side: whole requests from a file, each used once; at the end, what was measured as one line of JSON.
local file
local the_thread
-- How often the file came to its end: read by `done`. A gateway that refuses copies must not see one.
wrapped = 0

function setup(thread) the_thread = thread end

function init()
  file = assert(io.open(os.getenv("CALLS"), "rb"))
  file:setvbuf("full", 1048576)
end

function request()
  local length = file:read(6)
  if not length then
    wrapped = wrapped + 1
    file:seek("set")
    length = file:read(6)
  end
  return file:read(tonumber(length))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nFOUND {"answered":%d,"us":%d,"p50_us":%.1f,"p99_us":%.1f,"p999_us":%.1f,"broken":%d,"status":%d,"wrapped":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.timeout, errors.status, the_thread:get("wrapped")))
end
