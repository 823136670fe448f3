#!/bin/sh
# Two nodes over PostgreSQL and Redis, behind nginx, on this machine and without containers:
#
#   sh deploy/cluster/up.sh [FOLDER]      then http://localhost:8080
#   sh deploy/cluster/down.sh [FOLDER]    stops it; the folder keeps the data
#
# From Debian: postgresql, redis-server, nginx, openssl, curl. Of these only the programs are used: everything runs from
# FOLDER, at ports of its own, and what Debian runs as services is not touched. PORT=9000 takes 9000 to 9004 instead of
# 8080 to 8084; CLOAKROOM names a program that is built already.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-/var/tmp/cloakroom-cluster}
port=${PORT:-8080}
node1=$((port + 1)) node2=$((port + 2)) postgres=$((port + 3)) redis=$((port + 4))
url=http://localhost:$port

missing=''
PATH=$PATH:/usr/sbin:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
for program in initdb pg_ctl psql redis-server redis-cli nginx openssl curl setpriv; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
[ -z "$missing" ] || { echo "missing:$missing" >&2; exit 1; }
[ ! -e "$folder/running" ] || { echo "it runs in $folder already; down.sh stops it" >&2; exit 1; }

# The server, as it is shipped.
if [ -z "${CLOAKROOM:-}" ]; then
    (cd "$here/../.." && cargo build --locked --release --package cloakroom)
    CLOAKROOM=$here/../../target/release/cloakroom
fi

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
umask 077
mkdir -p "$folder/postgres" "$folder/redis" "$folder/nginx"
# Others must pass, and see nothing: PostgreSQL and the workers of nginx are not root.
chmod 711 "$folder" "$folder/nginx"

# PostgreSQL refuses to run as root.
user=$(id -un postgres 2>/dev/null || echo nobody)
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"
    else
        "$@"
    fi
}
[ "$(id -u)" != 0 ] || chown "$user" "$folder/postgres"

# What nobody else knows: made once, and kept in files that only their owner reads.
secret() { [ -s "$folder/$1" ] || openssl rand -"$2" 32 >"$folder/$1"; }
secret master-key base64
secret database-password hex
secret redis-password hex

: >"$folder/running"
trap 'sh "$here/down.sh" "$folder"' EXIT

# The authority: who has an account, who is signed in, what has ended.
if [ ! -e "$folder/postgres/data" ]; then
    as_postgres initdb --pgdata "$folder/postgres/data" --username postgres --encoding UTF8 --no-locale \
        --auth-local trust --auth-host scram-sha-256 >"$folder/initdb.log"
fi
as_postgres pg_ctl --pgdata "$folder/postgres/data" --log "$folder/postgres/log" --wait --silent start \
    --options "-c listen_addresses=127.0.0.1 -c port=$postgres -c unix_socket_directories=$folder/postgres"
as_postgres psql --quiet --no-psqlrc --host "$folder/postgres" --port "$postgres" --username postgres \
    --set ON_ERROR_STOP=1 <<END
SELECT 'CREATE ROLE cloakroom LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cloakroom') \gexec
ALTER ROLE cloakroom PASSWORD '$(cat "$folder/database-password")';
SELECT 'CREATE DATABASE cloakroom OWNER cloakroom' WHERE NOT EXISTS
    (SELECT FROM pg_database WHERE datname = 'cloakroom') \gexec
END

# await PART COMMAND: until this command succeeds. A part that ended on the way has said why.
await() {
    part=$1 tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if ! kill -0 "$(cat "$folder/$part/pid")" 2>/dev/null || [ "$tries" -ge 300 ]; then
            echo "$part does not answer; the end of $folder/$part/log:" >&2
            tail -5 "$folder/$part/log" >&2
            exit 1
        fi
        sleep 0.1
    done
}
pongs() { REDISCLI_AUTH=$(cat "$folder/redis-password") redis-cli -e -p "$redis" ping; }
healthy() { curl --fail --output /dev/null "http://127.0.0.1:$1/healthz"; }

# What may be lost: guests and their carts, the memory that the nodes share. What is full refuses, and forgets nothing.
redis-server - >"$folder/redis/log" 2>&1 <<END &
bind 127.0.0.1
port $redis
requirepass $(cat "$folder/redis-password")
dir $folder/redis
appendonly yes
maxmemory 256mb
maxmemory-policy noeviction
hash-max-listpack-value 2048
END
echo $! >"$folder/redis/pid"
await redis pongs

node() {
    mkdir -p "$folder/$1"
    CLOAKROOM_LISTEN=127.0.0.1:$2 \
        CLOAKROOM_PUBLIC_URL=$url \
        CLOAKROOM_TRUSTED_PROXIES=127.0.0.1 \
        CLOAKROOM_DATA_DIR=$folder/$1 \
        CLOAKROOM_MASTER_KEY_FILE=$folder/master-key \
        CLOAKROOM_DATABASE=postgres://cloakroom@127.0.0.1:$postgres/cloakroom \
        CLOAKROOM_DATABASE_PASSWORD_FILE=$folder/database-password \
        CLOAKROOM_REDIS=redis://127.0.0.1:$redis \
        CLOAKROOM_REDIS_PASSWORD_FILE=$folder/redis-password \
        "$CLOAKROOM" serve >>"$folder/$1/log" 2>&1 &
    echo $! >"$folder/$1/pid"
}

node node1 "$node1"
await node1 healthy "$node1"
node node2 "$node2"
await node2 healthy "$node2"

sed -e "s/node1:7117/127.0.0.1:$node1/; s/node2:7117/127.0.0.1:$node2/; s/listen 8080;/listen 127.0.0.1:$port;/" \
    -e "s|/tmp/|$folder/nginx/|" "$here/nginx.conf" >"$folder/nginx/nginx.conf"
nginx -p "$folder/nginx" -c nginx.conf -e stderr >"$folder/nginx/log" 2>&1 &
echo $! >"$folder/nginx/pid"
await nginx healthy "$port"

trap - EXIT
echo "$url, served by http://localhost:$node1 and http://localhost:$node2"
# Each node makes a link as long as there is no administrator, and the newest one works.
grep -h '/setup?' "$folder/node2/log" | tail -1 | sed 's/^ */become its administrator: /'
