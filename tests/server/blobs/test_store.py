"""The folder of files: parts grow, sealed files never change."""

import hashlib
import threading
from pathlib import Path

import pytest

from server.blobs.store import FolderBlobs
from shared.ids import Sha256
from shared.refusals import LookAgain, NotForYou, SendAgain

CONTENT = b"milk run example photo\n"
DIGEST = Sha256(hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def store(tmp_path: Path) -> FolderBlobs:
    """An empty folder."""
    return FolderBlobs(tmp_path / "blobs")


def test_the_example_has_the_digest_of_the_protocol() -> None:
    assert DIGEST == "4943c794bf6171701133ff506f2e355af554baecea6b751aa8fd5b074f617706"


def test_pieces_make_the_file(store: FolderBlobs) -> None:
    assert store.append(DIGEST, 0, CONTENT[:9]) == 9
    assert store.offset(DIGEST) == 9
    store.append(DIGEST, 9, CONTENT[9:])
    store.seal(DIGEST, len(CONTENT))

    with store.read(DIGEST) as file:
        assert file.read() == CONTENT
    assert (store.offset(DIGEST), list(store.all())) == (0, [DIGEST])


def test_a_piece_at_another_place_is_refused_with_the_right_one(store: FolderBlobs) -> None:
    store.append(DIGEST, 0, CONTENT[:9])

    with pytest.raises(LookAgain) as refused:
        store.append(DIGEST, 5, CONTENT[5:])

    assert refused.value.members == {"offset": 9}


def test_other_bytes_are_thrown_away(store: FolderBlobs) -> None:
    store.append(DIGEST, 0, b"x" * len(CONTENT))

    with pytest.raises(SendAgain):
        store.seal(DIGEST, len(CONTENT))

    assert (store.offset(DIGEST), store.has(DIGEST)) == (0, False)


def test_half_a_file_is_not_sealed(store: FolderBlobs) -> None:
    store.append(DIGEST, 0, CONTENT[:9])

    with pytest.raises(SendAgain):
        store.seal(DIGEST, len(CONTENT))


def test_an_unfinished_file_is_not_there(store: FolderBlobs) -> None:
    store.append(DIGEST, 0, CONTENT)

    with pytest.raises(NotForYou):
        store.read(DIGEST)


def test_what_arrived_is_there_after_a_restart(store: FolderBlobs, tmp_path: Path) -> None:
    store.append(DIGEST, 0, CONTENT[:9])

    assert FolderBlobs(tmp_path / "blobs").offset(DIGEST) == 9


def test_a_damaged_file_is_found_out(store: FolderBlobs) -> None:
    store.append(DIGEST, 0, CONTENT)
    store.seal(DIGEST, len(CONTENT))
    assert store.is_whole(DIGEST)

    store.path(DIGEST).write_bytes(b"rotten")

    assert not store.is_whole(DIGEST)


def test_two_writers_of_one_file_never_mix_their_pieces(store: FolderBlobs) -> None:
    content = bytes(range(256)) * 40
    digest = Sha256(hashlib.sha256(content).hexdigest())

    def send() -> None:
        while not store.has(digest):
            at = store.offset(digest)
            try:
                if at == len(content):
                    store.seal(digest, len(content))
                elif not store.has(digest):
                    store.append(digest, at, content[at : at + 512])
            except (LookAgain, SendAgain):
                continue

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.is_whole(digest)


def test_copies_for_display_lie_beside(store: FolderBlobs) -> None:
    store.keep_form(DIGEST, "thumb.jpg", b"small")

    with store.read_form(DIGEST, "thumb.jpg") as copy:
        assert copy.read() == b"small"
    assert list(store.all()) == []
