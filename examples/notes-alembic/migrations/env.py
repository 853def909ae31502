"""How Alembic reaches the database: through the app's own connection."""

from logging.config import fileConfig

from alembic import context
from tables import connect, metadata

if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name)

with connect().connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
