# Starts a private PostgreSQL, says "ready", and keeps it until its standard input ends: the end of whoever started
# it, by whatever cause, closes that pipe, so the cluster and its folder never outlive it.
# Arguments: the folder of PostgreSQL's programs, and a free port.
set -eu
bin=$1
port=$2

folder=$(mktemp -d "${TMPDIR:-/tmp}/parlour-postgres.XXXXXX")
finish() {
    "$bin/pg_ctl" --pgdata="$folder/data" --mode=fast --wait stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT

"$bin/initdb" --pgdata="$folder/data" --username=parlour --auth=trust --encoding=UTF8 --locale=C >"$folder/initdb.log" 2>&1 || {
    cat "$folder/initdb.log" >&2
    exit 1
}
"$bin/pg_ctl" --pgdata="$folder/data" --log="$folder/server.log" --wait --timeout=60 \
    --options="-p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=500" start >/dev/null 2>&1 || {
    cat "$folder/server.log" >&2
    exit 1
}
echo "$folder"
cat >/dev/null
