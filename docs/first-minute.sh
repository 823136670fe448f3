#!/bin/sh
# The first minute with a running server: sh docs/first-minute.sh [URL]
# Stops with an error at the first answer that is not the expected one.
set -eu

url=${1:-http://localhost:7117}
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

# ask STATUS METHOD PATH [CURL OPTIONS]: sends a request, shows it and its answer, and stops if the status is another.
ask() {
    wanted=$1 method=$2 path=$3
    shift 3
    got=$(curl -sS -o "$here/body" -D "$here/head" -w '%{http_code}' -X "$method" "$@" "$url$path")
    echo "$method $path: $got"
    # Tokens, names and times are long; what is left fits on a screen.
    sed -E 's/(eyJ|ckr_)[A-Za-z0-9._-]+/\1.../g; s/-[0-9a-f]{4}-[0-9a-f-]{22}/.../g; s/"[a-z_]+_at":"[^"]*",?//g
        s/"(type|detail)":"[^"]*",?//g; s/,}/}/g; s/^/  /; s/$/\n/' "$here/body"
    [ "$got" = "$wanted" ] || { echo "expected $wanted" >&2; exit 1; }
}
member() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/" "$here/body"; }
etag() { sed -nE 's/^etag: *([^[:cntrl:]]*).*/\1/Ip' "$here/head"; }

name=ada$$
password='three blue umbrellas'
cart=/api/v1/session/data/cart

# An account, and a session that a browser carries in a cookie.
ask 201 POST /api/v1/sign-up -c "$here/jar" \
    --json "{\"email\":\"$name@example.com\",\"username\":\"$name\",\"password\":\"$password\",\"carry\":\"cookie\"}"
ask 200 GET /api/v1/session -b "$here/jar"

# The same user on a phone: another session, carried as tokens.
ask 200 POST /api/v1/sign-in --json "{\"identifier\":\"$name\",\"password\":\"$password\",\"carry\":\"token\"}"
access=$(member access_token)
refresh=$(member refresh_token)
ask 200 GET /api/v1/session -H "Authorization: Bearer $access"

# A refresh token earns the next pair. Sent again within thirty seconds, it earns the newest one again.
ask 200 POST /oauth/token -d grant_type=refresh_token -d client_id=cloakroom -d "refresh_token=$refresh"
ask 200 POST /oauth/token -d grant_type=refresh_token -d client_id=cloakroom -d "refresh_token=$refresh"
newest=$(member refresh_token)

# Session data: made where there was none, changed as it was seen, refused where somebody else was faster.
ask 204 PUT $cart -b "$here/jar" -H 'If-None-Match: *' --json '{"items":["hat"]}'
seen=$(etag)
ask 204 PUT $cart -b "$here/jar" -H "If-Match: $seen" --json '{"items":["hat","scarf"]}'
ask 412 PUT $cart -b "$here/jar" -H "If-Match: $seen" --json '{"items":[]}'
ask 200 GET $cart -H "Authorization: Bearer $access"

# Both devices are listed, and one request signs both out.
ask 200 GET /api/v1/sessions -b "$here/jar"
ask 200 DELETE '/api/v1/sessions?all=true' -b "$here/jar"

# From that moment nothing that hung from either session is worth anything.
ask 401 GET /api/v1/session -b "$here/jar"
ask 401 GET /api/v1/session -H "Authorization: Bearer $access"
ask 400 POST /oauth/token -d grant_type=refresh_token -d client_id=cloakroom -d "refresh_token=$newest"
