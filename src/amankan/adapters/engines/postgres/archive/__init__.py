"""
The custom format of pg_dump, read and written as a stream.

An archive is a header, a table of contents (TOC), and data blocks in any order. A block is a sequence of chunks that
each tell their length and ends with a chunk of length 0; the archive itself has no end mark, so whether it is whole is
told only by the TOC: each entry that promises data must have had its block.

Source: PostgreSQL source code, src/bin/pg_dump/pg_backup_archiver.c and pg_backup_custom.c.
"""
