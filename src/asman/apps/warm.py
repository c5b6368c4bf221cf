"""Where compiled kernels are kept, and how they are compiled once, with progress, before they are needed.

numba's cache looks at the file of a kernel alone, so a change in a helper of another file would go
unnoticed. The cache folder is therefore named after a digest of all kernel sources: new sources, new
folder. Two processes that fill an empty cache at the same time can crash (numba #4807, #10128), so the
first compilation happens under a file lock and leaves a mark behind.
"""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

#: File in the cache folder which says that everything a node needs is compiled.
MARK: Final = "warm"
#: The same for what a simulation needs beside.
MARK_SIMULATOR: Final = "warm-simulator"
#: Folders of former sources are removed when nobody used them for this long.
FORGET_AFTER_S: Final = 30 * 86_400.0

Tell = Callable[[str], None]


def prepare() -> Path:
    """Name numba's cache folder before numba is imported; what the user set stays. Costs a millisecond."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return Path(named)
    folder = cache_root() / digest()
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    config = sys.modules.get("numba.core.config")
    if config is not None:  # numba was imported first, by the library's user: tell it as well
        setattr(config, "CACHE_DIR", str(folder))  # noqa: B010  (numba's settings are module attributes)
    return folder


def cache_root() -> Path:
    """Folder of all compiled kernels of this user."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "asman"


def digest() -> str:
    """Sixteen hexadecimal digits that change when any kernel source changes, or moves: numba keeps both."""
    folder = Path(__file__).resolve().parent.parent / "kernels"
    sources = hashlib.sha256(str(folder).encode())
    for source in sorted(folder.glob("*.py")):
        sources.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return sources.hexdigest()[:16]


def is_warm(mark: str = MARK) -> bool:
    """Tell whether the kernels that `mark` stands for have been compiled for these sources."""
    return _mark(prepare(), mark).is_file()


def warm(tell: Tell, run: Callable[[Tell], None], mark: str = MARK) -> float:
    """Compile everything once by calling `run`, and return the seconds it took; 0.0 when already done.

    Another process that compiles at the same moment is waited for.
    """
    folder = prepare()
    done = _mark(folder, mark)
    if done.is_file():
        return 0.0
    begin = time.perf_counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        tell(f"compiled kernels cannot be kept: {error}; every start compiles again")
        run(tell)
        return time.perf_counter() - begin
    with _locked(folder / "lock"):
        if done.is_file():
            return time.perf_counter() - begin
        run(tell)
        done.touch()
    _forget(folder)
    return time.perf_counter() - begin


def _mark(folder: Path, mark: str) -> Path:
    """File that says: compiled. It names the sources, because a folder that the user named stays the same."""
    return folder / f"{mark}-{digest()}"


@contextmanager
def _locked(path: Path) -> Generator[IO[bytes]]:
    import fcntl

    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield lock
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)


def _forget(current: Path) -> None:
    """Remove what former sources were compiled to, when it has not been used for a month."""
    if current.parent != cache_root():
        return  # the user named the folder: what lies beside it is not ours
    for folder in current.parent.iterdir():
        marks = list(folder.glob(f"{MARK}-*"))
        used_s = max((mark.stat().st_mtime for mark in marks), default=None)
        if folder != current and used_s is not None and time.time() - used_s > FORGET_AFTER_S:
            shutil.rmtree(folder, ignore_errors=True)
