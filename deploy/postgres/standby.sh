#!/bin/sh
# A standby: copies the primary where there is nothing yet, then follows it.
set -eu
: "${STANDBY_NAME:?}" "${PRIMARY_HOST:?}"
# Inside the volume, so that a finished copy can be moved into place.
PGDATA=${STANDBY_DATA:-/var/lib/postgresql/data/standby}
port=${PRIMARY_PORT:-5432}

# By a file: a password among the arguments could be seen by others.
umask 077
PGPASSFILE=${PASSFILE:-/tmp/pgpass}
export PGPASSFILE PGDATA
password=$(cat "${REPLICATION_PASSWORD_FILE:-/run/secrets/replication-password}")
printf '%s:%s:replication:replicator:%s\n' "$PRIMARY_HOST" "$port" "$password" > "$PGPASSFILE"

conninfo="host=$PRIMARY_HOST port=$port user=replicator application_name=$STANDBY_NAME passfile=$PGPASSFILE"
if [ ! -d "$PGDATA" ]; then
  until rm -rf "$PGDATA.incoming" && pg_basebackup --dbname="$conninfo" --pgdata="$PGDATA.incoming" \
    --slot="$STANDBY_NAME" --wal-method=stream --checkpoint=fast --write-recovery-conf; do
    sleep 2
  done
  mv "$PGDATA.incoming" "$PGDATA"
fi
exec postgres "$@"
