#!/bin/bash
# Behaves as the official image does: the first start makes the cluster, the role, the database; every other start only starts.
set -eo pipefail

as_postgres=(setpriv --reuid postgres --regid postgres --init-groups)

from_file() { # NAME or the content of the file that NAME_FILE says
    local name=$1 file="${1}_FILE"
    if [[ ${!file} ]]; then export "$name"="$(<"${!file}")"; fi
    unset "$file"
}

make_cluster() {
    local user="${POSTGRES_USER:-postgres}" name
    name="${POSTGRES_DB:-$user}"
    if [[ -z $POSTGRES_PASSWORD && $POSTGRES_HOST_AUTH_METHOD != trust ]]; then
        echo >&2 'Error: Database is uninitialized and superuser password is not specified.'
        exit 1
    fi
    initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
    # Reachable through the socket alone until everything is made, so that nobody meets half a database.
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
    export PGPASSWORD="$POSTGRES_PASSWORD"
    if [[ $name != postgres ]]; then
        psql -v ON_ERROR_STOP=1 --username "$user" --no-password --dbname postgres --set name="$name" <<<'CREATE DATABASE :"name";'
    fi
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sh) . "$file" ;;
            *.sql) psql -v ON_ERROR_STOP=1 --username "$user" --no-password --dbname "$name" -f "$file" ;;
            *.sql.gz) gunzip -c "$file" | psql -v ON_ERROR_STOP=1 --username "$user" --no-password --dbname "$name" ;;
        esac
    done
    unset PGPASSWORD
    pg_ctl -D "$PGDATA" -m fast -w stop
    echo 'PostgreSQL init process complete; ready for start up.'
}

if [[ ${1:0:1} == - ]]; then set -- postgres "$@"; fi
if [[ $1 == postgres && $(id -u) == 0 ]]; then
    mkdir -p "$PGDATA"
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    chmod 700 "$PGDATA"
    exec "${as_postgres[@]}" "$BASH_SOURCE" "$@"
fi
if [[ $1 == postgres ]]; then
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER
    from_file POSTGRES_DB
    if [[ ! -s $PGDATA/PG_VERSION ]]; then make_cluster; fi
fi
exec "$@"
