#!/bin/sh
# MIGRATE_ON_START=1 makes this an image that migrates by itself.
set -e
if [ "$MIGRATE_ON_START" = 1 ]; then
    npx prisma migrate deploy
fi
exec "$@"
