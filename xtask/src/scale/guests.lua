-- How many bytes a guest takes in Redis, a document of one beside its own bytes, and a session in the shared memory.
--
--   redis-cli --eval xtask/src/scale/guests.lua
--
-- A hundred thousand of each are put in as the server puts them in, weighed, and taken back. Nobody else may be at work
-- on that Redis meanwhile: what they do would be weighed with them.

local COUNT = 100000

local function used()
    return tonumber(string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)'))
end

local function id(number)
    return string.format('0198c2a4-%04x-7c3d-9f10-%012x', number % 65536, number)
end

local function guest(number)
    return string.format('weighed:{%d}:guest:%s', number % 1024, id(number))
end

local function secret(number)
    return string.format('weighed:{%d}:secret:%s%024x', number % 1024, redis.sha1hex(number), number)
end

local function shared(number)
    return string.format('weighed:shared:%s%024x', redis.sha1hex(number), number)
end

local function weigh(put)
    local before = used()
    for number = 1, COUNT do put(number) end
    return math.floor((used() - before) / COUNT)
end

local guests = weigh(function(number)
    local session = '{"id":"' .. id(number) .. '","user":null,"client":"cloakroom","carrier":"cookie","device":'
        .. '{"name":"Firefox on Windows","address":"203.0.113.77"},"authentication":null,"created_at":1755300000000,'
        .. '"expires_at":1770852000000,"idle":{"secs":2592000,"nanos":0},"last_seen_at":1755300000000,"remembered":false}'
    redis.call('HSET', guest(number), 'g', '0123456789abcdef', 's', session, 'seen', '1755300000000', 'idle', '2592000000',
        'end', '1770852000000', 'v', 0, 'b', 0, 'd', redis.sha1hex(number) .. string.format('%024x', number))
    redis.call('PEXPIRE', guest(number), 2592600000)
    redis.call('SET', secret(number), id(number), 'PX', 2592600000)
end)

-- Sixteen bytes of etag and a document of a thousand bytes, which are not counted.
local document = string.rep('x', 1016)
local documents = weigh(function(number)
    redis.call('HSET', guest(number), 'ncloakroom cart', document)
end) - 1000

-- A sealed entry of some 300 bytes.
local entry = string.rep('x', 300)
local sessions = weigh(function(number)
    redis.call('SET', shared(number), entry, 'PX', 300000)
end)

for number = 1, COUNT do
    redis.call('DEL', guest(number), secret(number), shared(number))
end

return { 'redis_guest', guests, 'redis_document', documents, 'redis_session', sessions }
