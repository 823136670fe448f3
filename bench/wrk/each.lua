-- Asks with another cookie each time, in turn: wrk … -- PATH FILE
--
-- The file has one cookie a line, as a request sends it.
function init(args)
  requests = {}
  for line in io.lines(args[2]) do
    requests[#requests + 1] = wrk.format("GET", args[1], { ["Cookie"] = line })
  end
  at = 0
end

function request()
  at = at % #requests + 1
  return requests[at]
end
