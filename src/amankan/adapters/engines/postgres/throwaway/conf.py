"""Settings of a server that nothing depends on but its own speed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1 << 20

# Where the server keeps its log, seen from its home.
LOG_FOLDER: Final = "log"
LOG_FILE: Final = "log/server.csv"


def configuration(socket_folder: Path, *, memory_bytes: int | None = None, processors: int | None = None) -> str:
    """
    Return what is added to postgresql.conf: no network, no safety of its own, a share of the machine.

    Args:
        socket_folder: where its unix socket lies.
        memory_bytes: of the machine; asked for where not given.
        processors: likewise.
    """
    memory = memory_bytes if memory_bytes is not None else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    workers = processors if processors is not None else os.cpu_count() or 1
    # The machine belongs to the app: an eighth for pages, a sixteenth for each index that is built. More pages would make a
    # proof slower: each process maps all that it touches, and rows that are loaded pass through a small ring.
    shared = _between(memory // 8 // MEGABYTE, least=64, most=512)
    building = _between(memory // 16 // MEGABYTE, least=32, most=1024)
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": _quoted(str(socket_folder)),
        "unix_socket_permissions": "0700",
        "shared_preload_libraries": "''",
        "max_connections": "40",
        "max_locks_per_transaction": "1024",
        "shared_buffers": f"{shared}MB",
        "maintenance_work_mem": f"{building}MB",
        "max_parallel_maintenance_workers": str(workers),
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "16GB",
        "wal_buffers": "64MB",
        "wal_init_zero": "off",
        "checkpoint_timeout": "1h",
        # Rows that were loaded without a log would be gone: better no server than one that lacks them.
        "restart_after_crash": "off",
        "autovacuum": "off",
        "bgwriter_lru_maxpages": "0",
        "update_process_title": "off",
        "max_logical_replication_workers": "0",
        "max_prepared_transactions": "10",
        "jit": "off",
        # The collector cannot be begun later; what it notes is ruled while the server runs.
        "logging_collector": "on",
        "log_destination": "'csvlog'",
        "log_directory": _quoted(str(socket_folder / LOG_FOLDER)),
        "log_filename": "'server.log'",
        "log_file_mode": "0600",
        "log_rotation_age": "0",
        "log_rotation_size": "0",
        "log_min_messages": "fatal",
    }
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def _between(value: int, *, least: int, most: int) -> int:
    return max(least, min(value, most))


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
