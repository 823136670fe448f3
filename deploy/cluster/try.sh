#!/bin/sh
# What the two nodes promise, tried: sh deploy/cluster/try.sh
# Somebody signs up through one, is known to the other, signs out there, and is refused by both. PORT as for up.sh.
set -eu

port=${PORT:-8080}
url=http://localhost:$port
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT

# ask NODE STATUS METHOD PATH [CURL OPTIONS]: asks a node, by the name that the proxy would pass on.
ask() {
    node=$1 wanted=$2 method=$3 path=$4
    shift 4
    got=$(curl -sS -o /dev/null -w '%{http_code}' -X "$method" --connect-to "localhost:$port:127.0.0.1:$((port + node))" \
        -b "$jar" -c "$jar" "$@" "$url$path")
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
sleep 1
ask 1 401 GET /api/v1/session -b "$cookie"

# A guest's cart, begun on one node, is there on the other.
: >"$jar"
ask 1 201 POST /api/v1/guest --json '{"carry":"cookie"}'
ask 1 204 PUT /api/v1/session/data/cart -H 'If-None-Match: *' --json '{"items":["scarf"]}'
ask 2 200 GET /api/v1/session/data/cart
