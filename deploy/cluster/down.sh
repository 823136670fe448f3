#!/bin/sh
# Stops what up.sh started, and leaves the data: sh deploy/cluster/down.sh [FOLDER]
set -eu

folder=${1:-/var/tmp/cloakroom-cluster}
[ -e "$folder/running" ] || { echo "nothing runs in $folder" >&2; exit 1; }
folder=$(cd "$folder" && pwd)
PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)

# The nodes first, which let requests in flight finish, and what they rest on last.
for part in nginx node1 node2 redis; do
    [ -s "$folder/$part/pid" ] || continue
    pid=$(cat "$folder/$part/pid")
    if kill "$pid" 2>/dev/null; then
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    fi
    rm "$folder/$part/pid"
done
if [ -e "$folder/postgres/data/postmaster.pid" ]; then
    set -- pg_ctl --pgdata "$folder/postgres/data" --mode fast --wait --silent stop
    if [ "$(id -u)" = 0 ]; then
        user=$(stat --format %U "$folder/postgres")
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"
    else
        "$@"
    fi
fi
rm "$folder/running"
