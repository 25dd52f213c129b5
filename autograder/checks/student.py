"""What a grader's `student` is: one submission, whose functions it calls. The judge passes it."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

Kept: TypeAlias = Any  # stands for an object that stays with the student's code: a cache, a net
Keep: TypeAlias = int | tuple[int, ...] | str | None


class Student(Protocol):
    """Functions by their names in the package, such as "shapes.area"; plain arrays come back."""

    def call(
        self, function: str | Kept, /, *args: Any, keep: Keep = None, echo: bool = False, **kwargs: Any
    ) -> Any:
        """Call a function by its name in the package, or a kept callable.

        Args:
            function: such as "shapes.area", or what an earlier call left there.
            keep: indices into a returned tuple that stay there (a cache); "all" keeps the whole result.
            echo: bring back the arguments too, as they are after the call.
        """

    def new(self, name: str, /, *args: Any, **kwargs: Any) -> Kept:
        """Make an object that stays there."""

    def method(
        self, handle: Kept, name: str, /, *args: Any, keep: Keep = None, echo: bool = False, **kwargs: Any
    ) -> Any:
        """Call a method of a kept object."""

    def get(self, handle: Kept, *path: str | int) -> Any:
        """A value inside a kept object; each step is a key, an index or an attribute."""

    def set(self, handle: Kept, *path: str | int, value: Any) -> None:
        """Change a value inside a kept object."""

    def define(self, source: str, name: str) -> Kept:
        """Run a helper's source beside the student's code, which can read it, and keep its `name`."""
