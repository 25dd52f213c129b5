"""Parts that the engine works without: found where they are, missed by nobody where they are not."""

import subprocess
import sys

import pytest

from autograder.errors import PluginError
from autograder.runs import plugins

NEEDS = {"dask": "distributed", "similarity": "copydetect"}  # what each loads, and nothing else of the engine

EVERYTHING_ELSE = """
import importlib, pkgutil, sys, autograder
parts = ("autograder.workers.cluster", "autograder.workers.dask_worker", "autograder.similarity")
for name in sys.argv[1:]:
    sys.modules[name] = None  # as if it were not installed
for module in pkgutil.walk_packages(autograder.__path__, "autograder."):
    own = (".graders", ".rubrics", "__main__", "templates", ".work")
    if not module.name.startswith(parts) and not any(word in module.name for word in own):
        importlib.import_module(module.name)
"""


def test_every_part_is_loaded_by_its_name() -> None:
    assert {name: plugins.load(name).__name__ for name in plugins.PARTS} == {
        name: part[0] for name, part in plugins.PARTS.items()
    }


@pytest.mark.parametrize("name", NEEDS)
def test_what_a_part_lacks_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, plugins.PARTS[name][0], raising=False)
    monkeypatch.setitem(sys.modules, NEEDS[name], None)
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(PluginError, match=rf"{plugins.PARTS[name][1]} needs \w+, which is not there; pip"):
        plugins.load(name)


def test_the_engine_loads_without_what_they_need() -> None:
    command = [sys.executable, "-P", "-c", EVERYTHING_ELSE, *NEEDS.values(), "dask"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
