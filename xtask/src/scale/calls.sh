#!/bin/sh
# How many guests one Redis finds in a second of its own thread's time: sh xtask/src/scale/calls.sh [REDIS-CLI'S OPTIONS]
#
# By what the server does for it, a script that reads the room's mark, the secret and the guest. What the load costs is not
# counted, since it would run elsewhere.
set -eu

cli() { redis-cli "$@"; }
busy() {
    cli "$@" INFO cpu | tr -d '\r' | awk -F: '/used_cpu_(user|sys)_main_thread/ { busy += $2 } END { print busy }'
}

calls=500000
cli "$@" SET 'called:{1}:mark' '0123456789abcdef 7 9' >/dev/null
cli "$@" SET 'called:{1}:secret:digest' name >/dev/null
cli "$@" HSET 'called:{1}:guest:name' g 0123456789abcdef s "$(printf '%0320d' 0)" seen 1755300000000 d digest >/dev/null
script=$(cli "$@" SCRIPT LOAD "local mark = redis.call('GET', KEYS[1])
    if not mark then return false end
    local generation, seq = string.match(mark, '^(%x+) (%d+) ')
    if generation ~= ARGV[1] or tonumber(seq) < tonumber(ARGV[2]) then return false end
    local id = redis.call('GET', KEYS[2])
    if not id then return {} end
    local guest = redis.call('HMGET', ARGV[3] .. id, 'g', 's', 'seen', 'd')
    if guest[1] ~= generation or guest[4] ~= ARGV[4] then return {} end
    return {guest[2], guest[3], guest[4]}")
before=$(busy "$@")
redis-benchmark "$@" -n "$calls" -c 50 -P 4 EVALSHA "$script" 2 'called:{1}:mark' 'called:{1}:secret:digest' \
    0123456789abcdef 7 'called:{1}:guest:' digest >/dev/null
after=$(busy "$@")
cli "$@" DEL 'called:{1}:mark' 'called:{1}:secret:digest' 'called:{1}:guest:name' >/dev/null
awk -v calls="$calls" -v before="$before" -v after="$after" \
    'BEGIN { printf "redis_calls %d\n", calls / (after - before) }'
