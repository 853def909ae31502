"""What was sealed here is opened by the standard tools age and zstd alone, and the process stays small."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.kit.vaults import SealedWorld

from amankan.testing.stores import MemoryStore
from amankan.vault.age import make_identity
from amankan.vault.envelope import wrap
from amankan.vault.keys import make_identity_file, read_identity_file
from amankan.vault.seal import Sealing

pytestmark = pytest.mark.real
LIMIT_SECONDS = 300


def run(*words: str, content: bytes = b"") -> bytes:
    """Return what a standard tool makes of some bytes."""
    return subprocess.run(words, input=content, capture_output=True, check=True, timeout=LIMIT_SECONDS).stdout


@pytest.mark.parametrize("size_bytes", [0, 1, 65536, 65537, 5_000_000])
def test_age_and_zstd_open_what_was_sealed(tmp_path: Path, size_bytes: int) -> None:
    """`age --decrypt` and `zstd --decompress` give back exactly what went in."""
    recipient = make_identity_file(tmp_path / "key")
    content = bytes(range(256)) * (size_bytes // 256) + bytes(size_bytes % 256)
    with Sealing([content], recipient=recipient) as sealing:
        sealed = b"".join(sealing.pieces())
    packed = run("age", "--decrypt", "--identity", str(tmp_path / "key"), content=sealed)
    assert content == run("zstd", "--decompress", "--stdout", content=packed)


def test_a_key_file_of_age_opens_a_snapshot(tmp_path: Path) -> None:
    """A key that `age-keygen` made opens `key.age`, and what is in it opens the snapshot."""
    run("age-keygen", "--output", str(tmp_path / "recovery"))
    (identity,) = read_identity_file(tmp_path / "recovery")
    store = MemoryStore()
    world = SealedWorld(store=store, recovery=identity)
    snapshot = world.take("20260105T020000Z-shop-00000001", rows=1000)
    (tmp_path / "run").write_bytes(
        run("age", "--decrypt", "--identity", str(tmp_path / "recovery"), content=store.objects[f"{snapshot}/key.age"])
    )
    sealed = store.objects[f"{snapshot}/dump.pgc.zst.age"]
    packed = run("age", "--decrypt", "--identity", str(tmp_path / "run"), content=sealed)
    assert b"".join(world.vault.read(snapshot)) == run("zstd", "--decompress", "--stdout", content=packed)


def test_many_recipients_can_each_open(tmp_path: Path) -> None:
    """Each of several recovery keys alone opens the key of a run."""
    recipients = [make_identity_file(tmp_path / name) for name in ("one", "two", "three")]
    secret = make_identity()
    wrapped = wrap(secret, recipients)
    for name in ("one", "two", "three"):
        opened = run("age", "--decrypt", "--identity", str(tmp_path / name), content=wrapped)
        assert f"{secret.secret.reveal()}\n".encode() == opened


PROGRAM = """
import sys
from amankan.adapters.stores.folder import FolderStore
from amankan.vault.age import make_identity
from amankan.vault.seal import Sealing, unseal
from pathlib import Path
import random
block = random.Random(1).randbytes(1 << 19) + bytes(1 << 19)
store, identity = FolderStore(Path(sys.argv[1])), make_identity()
with Sealing((block for _ in range(1024)), recipient=identity.recipient) as sealing:
    store.put("a/b", sealing.pieces())
assert 1 << 30 == sum(map(len, unseal(store.get("a/b"), identity=identity, plain_bytes=sealing.plain_bytes)))
# The highest this process itself had; getrusage would count what the caller had before it started us.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""


def test_a_gigabyte_passes_through_a_small_process(tmp_path: Path) -> None:
    """Sealing a gigabyte into a folder and opening it again takes less than 128 MB of memory."""
    peak_kilobytes = int(run(sys.executable, "-c", PROGRAM, str(tmp_path / "vault")))
    assert peak_kilobytes * 1024 < 128_000_000
