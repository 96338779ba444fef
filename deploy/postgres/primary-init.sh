#!/bin/sh
# Run once, by the server that prepares the database: lets standbys follow, and waits for one of them at each commit.
set -eu

# Standbys come from the same network only, by password.
echo 'host replication replicator samenet scram-sha-256' >> "$PGDATA/pg_hba.conf"

password=$(cat "${REPLICATION_PASSWORD_FILE:-/run/secrets/replication-password}")
psql --set=ON_ERROR_STOP=1 --set=password="$password" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE replicator WITH REPLICATION LOGIN PASSWORD :'password';
SELECT pg_create_physical_replication_slot('standby1'), pg_create_physical_replication_slot('standby2');
-- Beyond this, a standby that is gone is copied anew instead of filling the disk of the primary.
ALTER SYSTEM SET max_slot_wal_keep_size = '8GB';
-- Last, and in force from the next start: no standby is there yet that could confirm anything.
ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (standby1, standby2)';
SQL
