-- Refreshes, each connection over chains of its own: wrk … -- FILE CHAINS
--
-- The file holds one refresh token a line. Each thread has one connection and takes CHAINS lines; it goes round
-- them, so that no chain rotates more often than a replay window has room for. An answer belongs to the request
-- before it, because a connection waits for one before it sends the next.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  local chains = tonumber(args[2])
  tokens = {}
  local line_number = 0
  for line in io.lines(args[1]) do
    if line_number >= number * chains and line_number < (number + 1) * chains then
      tokens[#tokens + 1] = line
    end
    line_number = line_number + 1
  end
  at = 0
  headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
end

function request()
  at = at % #tokens + 1
  local body = "grant_type=refresh_token&client_id=cloakroom&refresh_token=" .. tokens[at]
  return wrk.format("POST", "/oauth/token", headers, body)
end

function response(status, _, body)
  if status == 200 then
    tokens[at] = body:match('"refresh_token":"([^"]+)"')
  end
end
