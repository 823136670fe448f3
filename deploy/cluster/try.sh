#!/bin/sh
# What the two nodes promise, tried: sh deploy/cluster/try.sh
# Somebody signs up through one, is known to the other, signs out there, and is refused by both. PORT as for up.sh.
set -eu

port=${PORT:-8080}
url=http://localhost:$port
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT

# status NODE METHOD PATH [CURL OPTIONS]: asks a node, by the name that the proxy would pass on, and prints how it answers.
status() {
    node=$1 method=$2 path=$3
    shift 3
    curl -sS -o /dev/null -w '%{http_code}' -X "$method" --connect-to "localhost:$port:127.0.0.1:$((port + node))" \
        -b "$jar" -c "$jar" "$@" "$url$path"
}

# ask NODE STATUS METHOD PATH [CURL OPTIONS]: asks, and fails where it is answered otherwise.
ask() {
    node=$1 wanted=$2 method=$3 path=$4
    shift 4
    got=$(status "$node" "$method" "$path" "$@")
    echo "node $node: $method $path: $got"
    [ "$got" = "$wanted" ] || { echo "expected $wanted" >&2; exit 1; }
}

ask 1 201 POST /api/v1/sign-up \
    --json "{\"email\":\"ada$$@example.com\",\"password\":\"three blue umbrellas\",\"carry\":\"cookie\"}"
ask 1 200 GET /api/v1/session
ask 2 200 GET /api/v1/session
ask 1 204 PUT /api/v1/session/data/cart -H 'If-None-Match: *' --json '{"items":["hat"]}'
ask 2 200 GET /api/v1/session/data/cart

# A copy, because whoever signs out is told to forget the cookie.
cookie=$(awk '$6 ~ /cloakroom$/ { print $6 "=" $7 }' "$jar")
ask 2 204 POST /api/v1/sign-out
ask 2 401 GET /api/v1/session -b "$cookie"
# The other node within the second; a busy machine may take longer over it.
tries=0
until [ "$(status 1 GET /api/v1/session -b "$cookie")" = 401 ] || [ "$tries" -ge 10 ]; do
    tries=$((tries + 1))
    sleep 1
done
ask 1 401 GET /api/v1/session -b "$cookie"

# A guest's cart, begun on one node, is there on the other.
: >"$jar"
ask 1 201 POST /api/v1/guest --json '{"carry":"cookie"}'
ask 1 204 PUT /api/v1/session/data/cart -H 'If-None-Match: *' --json '{"items":["scarf"]}'
ask 2 200 GET /api/v1/session/data/cart
