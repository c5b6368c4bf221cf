"""Compiled kernels have a folder of their own that follows the sources, and are compiled once."""

import threading
from pathlib import Path

import pytest

from asman.apps import warm


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_folder_is_named_after_the_sources(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    config = pytest.importorskip("numba.core.config")
    monkeypatch.setattr(config, "CACHE_DIR", config.CACHE_DIR)
    assert warm.prepare() == tmp_path / "asman" / warm.digest()
    assert str(tmp_path / "asman" / warm.digest()) == config.CACHE_DIR
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/named/by/the/user")
    assert warm.prepare() == Path("/named/by/the/user")


def test_compiling_happens_once_even_when_two_ask(cache):
    ran: list[int] = []
    begun = threading.Event()

    def slow(tell) -> None:
        begun.set()
        ran.append(1)

    threads = [threading.Thread(target=warm.warm, args=(print, slow)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [1]
    assert warm.is_warm()
    assert warm.warm(print, slow) == 0.0


def test_a_compilation_that_failed_is_tried_again(cache):
    def broken(tell) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        warm.warm(print, broken)
    assert not warm.is_warm()
    warm.warm(print, lambda tell: None)
    assert warm.is_warm()


def test_a_folder_that_cannot_be_written_is_said_and_everything_goes_on(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    said: list[str] = []
    ran: list[int] = []
    warm.warm(said.append, lambda tell: ran.append(1))
    assert ran == [1]
    assert "cannot be kept" in said[0]
