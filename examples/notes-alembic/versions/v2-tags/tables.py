"""What is kept, and where."""

import os

from sqlalchemy import BigInteger, Column, DateTime, Engine, MetaData, String, Table, Text, create_engine, func

metadata = MetaData()

notes = Table(
    "notes",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("tag", String(40), nullable=False, server_default=""),
    Column("written", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


def connect() -> Engine:
    """The database that DATABASE_URL names, through psycopg 3."""
    address = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(address, pool_pre_ping=True)
