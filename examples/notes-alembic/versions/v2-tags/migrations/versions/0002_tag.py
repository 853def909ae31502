"""What a note is about, taken from its first word."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every note has its first word as its tag."""
    op.add_column("notes", sa.Column("tag", sa.String(40), nullable=False, server_default=""))
    op.execute("UPDATE notes SET tag = left(split_part(text, ' ', 1), 40)")
    op.create_index("notes_tag", "notes", ["tag"])


def downgrade() -> None:
    """Tags are gone."""
    op.drop_index("notes_tag")
    op.drop_column("notes", "tag")
