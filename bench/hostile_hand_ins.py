"""What hostile hand-ins cost to read, and how much of them is kept: seconds of the processor, and bytes.

python -m bench.hostile_hand_ins
"""

import io
import json
import resource
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from autograder.course import assignment as course
from autograder.intake import Source
from autograder.judge.task import read

NB, MB = "two_layer_net.ipynb", 1 << 20


def zipped(names: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return made.getvalue()


def tarred(size: int) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a")
        info.pax_headers = {"comment": "v" * size}
        archive.addfile(info, io.BytesIO())
    return made.getvalue()


def notebook(*texts: str) -> bytes:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in texts]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


SHAPES: dict[str, Callable[[], dict[str, bytes]]] = {
    "an honest one": lambda: {"work.zip": zipped({"cs_lib/layers.py": b"x = 1\n", NB: notebook("a")})},
    "a zip of 500 MB of zeros": lambda: {"work.zip": zipped({"cs_lib/layers.py": bytes(500 * MB)})},
    "30,000 entries": lambda: {"work.zip": zipped({f"{n}.txt": b"" for n in range(30_000)})},
    "4,000 files of no use": lambda: {"work.zip": zipped({f"{n}.dat": b"x" * 100 for n in range(4_000)})},
    "a tar header of 1 MB": lambda: {"work.tar": tarred(1 << 20)},
    "an answer of 15 MB": lambda: {NB: notebook("word " * (3 * MB))},
    "100,000 cells": lambda: {NB: notebook(*["word"] * 100_000)},
    "lists in lists": lambda: {NB: b"[" * (4 * MB)},
    "a name of 5,000 letters": lambda: {"work.zip": zipped({"a" * 5_000: b"x"})},
    "2 MB of quotes in code": lambda: {"cs_lib/layers.py": b"'\\" * MB},
}


def main() -> None:
    assignment = course.load("assignment1")
    print("| handed in | bytes | seconds of the processor | bytes of answers kept | |")
    print("|---|--:|--:|--:|---|")
    for name, make in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            place, files = Path(folder) / "s001", make()
            for path, data in files.items():
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_bytes(data)
            size = sum(map(len, files.values()))
            del files
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            found = read(Source("s001", place), assignment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        kept = sum(len(t.encode()) for t in found.answers.texts.values()) if found.answers else 0
        said = "refused" if found.unreadable else "read"
        print(f"| {name} | {size:,} | {seconds:.1f} | {kept:,} | {said} |")


if __name__ == "__main__":
    main()
