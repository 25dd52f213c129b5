"""nbgrader's settings for this course: the engine's, and what course.toml adds."""

from autograder.bridge.nbgrader import configure

configure(get_config())  # noqa: F821  nbgrader puts it here
