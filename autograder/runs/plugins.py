"""Parts that come with the engine and that it works without: each reached by its name here, when asked for.

What they need besides may be missing; then who asks for one learns what to install, and nobody else notices.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from autograder.errors import PluginError

PARTS = {  # name: (module, what asks for it, what installs all that it needs)
    "dask": ("autograder.workers.cluster", "--scheduler", "pip install 'cs-course-kit[dask]'"),
    "similarity": ("autograder.similarity.compare", "similarity", "pip install copydetect"),
}


def load(name: str) -> ModuleType:
    """The part of this name.

    Raises:
        PluginError: it needs something that is not installed.
    """
    module, asked, install = PARTS[name]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise PluginError(f"{asked} needs {error.name}, which is not there; {install}") from None
