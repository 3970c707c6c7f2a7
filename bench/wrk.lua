-- Sends the requests of a file in turn, repeatedly, and writes the results as JSON to stderr.
-- Fields of a line, separated by tabs: method, path, bearer token, ETag of If-None-Match, content type, body.
local requests, number = {}, 0

function init(arguments)
    for line in io.lines(arguments[1]) do
        local method, path, token, etag, kind, body = line:match("^(.-)\t(.-)\t(.-)\t(.-)\t(.-)\t(.*)$")
        local headers = {["Host"] = "bench"}
        if token ~= "" then headers["Authorization"] = "Bearer " .. token end
        if etag ~= "" then headers["If-None-Match"] = etag end
        if kind ~= "" then headers["Content-Type"] = kind end
        requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
    end
end

function request()
    number = number % #requests + 1
    return requests[number]
end

function done(summary, latency)
    local errors = summary.errors
    io.stderr:write(string.format(
        '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "errors": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
