-- POSTs one body with the headers given on the command line: wrk … -- CONTENT-TYPE BODY
function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = args[1]
  wrk.body = args[2]
end
