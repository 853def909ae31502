"""A column more."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    op.add_column("customers", sa.Column("note", sa.Text))


def downgrade():
    op.drop_column("customers", "note")
