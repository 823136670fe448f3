//! What must be done as a whole on the server.
//!
//! Where a script begins with [`believed`], its first key is a room's mark and its first two arguments are the generation
//! and the number that the mark must have; where it has not, nothing is done and the answer is nil. Names that a script
//! makes up from its arguments lie in the slot of its keys.
//!
//! A guest is one hash, so that Redis forgets it as a whole or not at all:
//!
//! | field | is |
//! | --- | --- |
//! | `g` | the generation it belongs to |
//! | `s` | the session as JSON, as it came |
//! | `d` | the digest of its secret in hexadecimal digits; missing where it has none |
//! | `seen` | when it was last used, in milliseconds |
//! | `idle`, `end` | how long it may go unused, and when it ends, in milliseconds |
//! | `v`, `b` | how often its documents changed, and the bytes of all of them |
//! | `c`, `ct` | the claim on it, and when by this server's clock it was claimed, in milliseconds |
//! | `n` client namespace | a document: sixteen bytes of etag, then its JSON |

use std::sync::LazyLock;

use crate::script::Script;

macro_rules! believed {
    ($then:literal) => {
        concat!(
            "local mark = redis.call('GET', KEYS[1])
            if not mark then return false end
            local generation, seq = string.match(mark, '^(%x+) (%d+) ')
            if generation ~= ARGV[1] or tonumber(seq) < tonumber(ARGV[2]) then return false end
            ",
            $then
        )
    };
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new($text));)*
    };
}

scripts! {
    /// Gives a room the mark of the second argument where it has that of the first, or none where that is empty; answers
    /// the mark it has then.
    RENEW = "local mark = redis.call('GET', KEYS[1]) or ''
        if mark ~= ARGV[1] then return mark end
        redis.call('SET', KEYS[1], ARGV[2])
        return ARGV[2]";

    /// Deletes guests, and moves the mark to a place where it is at one of others. Arguments: what guests and secrets begin
    /// with, the place, how many guests, the guests, the other places. Answers the mark.
    APPLY = "local ended = tonumber(ARGV[4])
        for i = 5, 4 + ended do
            local guest = ARGV[1] .. ARGV[i]
            local digest = redis.call('HGET', guest, 'd')
            if digest then redis.call('DEL', ARGV[2] .. digest) end
            redis.call('DEL', guest)
        end
        local mark = redis.call('GET', KEYS[1])
        if not mark then return false end
        local generation, place = string.match(mark, '^(%x+) (%d+ %d+)$')
        for i = 5 + ended, #ARGV do
            if place == ARGV[i] then
                mark = generation .. ' ' .. ARGV[3]
                redis.call('SET', KEYS[1], mark)
                return mark
            end
        end
        return mark";

    /// Keeps a new guest. Keys: mark, guest, secret (the guest again where it has none). Arguments: session, digest or
    /// nothing, last seen, idle, end, how long it is kept, name. Answers 1, or 0 where another is there.
    INSERT = believed!(
        "local there = redis.call('HMGET', KEYS[2], 'g', 's', 'd')
        if there[1] == generation then
            -- The same question, asked again.
            if there[2] == ARGV[3] and (there[3] or '') == ARGV[4] then return 1 end
            return 0
        end
        redis.call('DEL', KEYS[2])
        redis.call('HSET', KEYS[2], 'g', generation, 's', ARGV[3], 'seen', ARGV[5], 'idle', ARGV[6],
            'end', ARGV[7], 'v', 0, 'b', 0)
        redis.call('PEXPIRE', KEYS[2], ARGV[8])
        if ARGV[4] ~= '' then
            redis.call('HSET', KEYS[2], 'd', ARGV[4])
            redis.call('SET', KEYS[3], ARGV[9], 'PX', ARGV[8])
        end
        return 1"
    );

    /// Finds a guest by its key. Answers session, last seen and digest, or nothing.
    FIND = believed!(
        "local guest = redis.call('HMGET', KEYS[2], 'g', 's', 'seen', 'd')
        if guest[1] ~= generation then return {} end
        return {guest[2], guest[3], guest[4]}"
    );

    /// Finds a guest by its secret's key. Arguments: what guests begin with, the digest. Answers
    /// session and last seen, or nothing.
    FIND_BY_SECRET = believed!(
        "local id = redis.call('GET', KEYS[2])
        if not id then return {} end
        local guest = redis.call('HMGET', ARGV[3] .. id, 'g', 's', 'seen', 'd')
        if guest[1] ~= generation or guest[4] ~= ARGV[4] then return {} end
        return {guest[2], guest[3]}"
    );

    /// Raises last-seen times. Arguments: what guests and secrets begin with, how long a guest is kept beyond its time,
    /// then name and time of each. Answers the names of those that are not there.
    TOUCH = "local mark = redis.call('GET', KEYS[1])
        local generation = mark and string.match(mark, '^%x+')
        local missing = {}
        for i = 4, #ARGV, 2 do
            local guest = ARGV[1] .. ARGV[i]
            local it = redis.call('HMGET', guest, 'g', 'seen', 'idle', 'end', 'd')
            if not generation or it[1] ~= generation then
                missing[#missing + 1] = ARGV[i]
            else
                local seen = tonumber(ARGV[i + 1])
                if seen > tonumber(it[2]) then
                    redis.call('HSET', guest, 'seen', ARGV[i + 1])
                    local left = math.max(0, math.min(tonumber(it[3]), tonumber(it[4]) - seen))
                    local kept = string.format('%.0f', left + tonumber(ARGV[3]))
                    redis.call('PEXPIRE', guest, kept)
                    if it[5] then redis.call('PEXPIRE', ARGV[2] .. it[5], kept) end
                end
            end
        end
        return missing";

    /// Reads a document. Argument: its field. Answers the document, `v`, `b`, the claim and its age; or nothing where there
    /// is no such guest.
    READ = believed!(
        "local it = redis.call('HMGET', KEYS[2], 'g', ARGV[3], 'v', 'b', 'c', 'ct')
        if it[1] ~= generation then return {} end
        local age = 0
        if it[5] then
            local time = redis.call('TIME')
            age = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(it[6])
        end
        return {it[2], tonumber(it[3]), tonumber(it[4]), it[5], age}"
    );

    /// Changes a document. Arguments: its field, the `v` that was seen, the document or nothing to delete it, the bytes of
    /// all then. Answers 1, or 0 where the guest is gone or claimed, or something changed.
    WRITE = believed!(
        "local it = redis.call('HMGET', KEYS[2], 'g', 'v', 'c')
        if it[1] ~= generation or it[2] ~= ARGV[4] or it[3] then return 0 end
        if ARGV[5] == '' then
            redis.call('HDEL', KEYS[2], ARGV[3])
        else
            redis.call('HSET', KEYS[2], ARGV[3], ARGV[5])
        end
        redis.call('HINCRBY', KEYS[2], 'v', 1)
        redis.call('HSET', KEYS[2], 'b', ARGV[6])
        return 1"
    );

    /// Claims a guest. Argument: the claim. Answers `mine` and all fields; or `claimed`, the other claim and its age; or
    /// nothing where there is no such guest.
    CLAIM = believed!(
        "local it = redis.call('HMGET', KEYS[2], 'g', 'c', 'ct')
        if it[1] ~= generation then return {} end
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        if it[2] and it[2] ~= ARGV[3] then
            return {'claimed', it[2], tostring(now - tonumber(it[3]))}
        end
        redis.call('HSET', KEYS[2], 'c', ARGV[3], 'ct', string.format('%.0f', now))
        local answer = redis.call('HGETALL', KEYS[2])
        table.insert(answer, 1, 'mine')
        return answer"
    );

    /// Takes a claim back where it is this one.
    FREE = "if redis.call('HGET', KEYS[1], 'c') == ARGV[1] then redis.call('HDEL', KEYS[1], 'c', 'ct') end
        return 1";

    /// Notes that something was used. Keys: since when this room remembers, the thing. Arguments: now, until when it can be
    /// used, since when it remembers where it has forgotten (nothing: it is told so), what nobody can have noted for longer
    /// than it lasts, what was to be forgotten, and a number of this caller. Answers a word, and since when the room remembers.
    USE_ONCE = "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
        local remembers = redis.call('GET', KEYS[1])
        local since = remembers and string.match(remembers, '^' .. run .. ' (%-?%d+)$')
        if not since then
            if ARGV[3] == '' then return {'forgot', '0'} end
            since = ARGV[3]
            redis.call('SET', KEYS[1], run .. ' ' .. since)
        end
        local left = redis.call('GET', KEYS[2])
        if left then
            local ends, by = string.match(left, '^(%-?%d+) (%x+)$')
            -- The same question, asked again.
            if by == ARGV[6] then return {'first', since} end
            if tonumber(ends) > math.max(tonumber(ARGV[1]), tonumber(ARGV[5])) then
                return {'used', since}
            end
        end
        if tonumber(ARGV[2]) <= tonumber(since) + tonumber(ARGV[4]) then return {'doubt', since} end
        local lasts = math.max(1, tonumber(ARGV[2]) - tonumber(ARGV[1])) + 1000
        redis.call('SET', KEYS[2], ARGV[2] .. ' ' .. ARGV[6], 'PX', string.format('%.0f', lasts))
        return {'first', since}";
}
