"""Come in through the grader's own environment: PYTHONPATH, sitecustomize, secrets in variables."""

from autograder.sandbox.client import Sandbox

CODE = """
import os
import sys

def attack():
    return "planted" in sys.modules, dict(os.environ), sys.path
"""


def test_is_not_passed_on(arena, tmp_path, monkeypatch, secret, naive):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['planted'] = sys")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("LMS_TOKEN", secret)
    seen_naively = naive(CODE, "print(attack())")
    assert seen_naively.startswith("(True") and secret in seen_naively  # noqa: PT018
    with (
        Sandbox(level=arena.level) as sandbox,
        sandbox.submission({"cs_lib/layers.py": CODE.encode()}) as student,
    ):
        student.begin_case(seed=1)
        planted, environment, path = student.call("layers.attack")
    assert not planted
    assert secret not in str(environment)
    assert str(tmp_path) not in path
    arena.report("an environment of its own", "returned what Python itself needs")
