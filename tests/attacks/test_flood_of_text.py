"""Print without end, to fill the grader's memory or the feedback page."""

from dataclasses import replace

CODE = """
def attack():
    for _ in range(1000):
        print("x" * 20_000)
    return "done"
"""


def test_only_the_beginning_is_kept(arena):
    def printed(limits):
        with arena.student(CODE, limits=limits) as student:
            student.begin_case(seed=1)
            assert student.call("layers.attack") == "done"  # printing much is no failure
            return student.printed

    base = arena.sandbox().limits
    assert len(printed(replace(base, output_kb=1024))) >= 1 << 20
    kept = printed(base)
    assert len(kept) <= 257 << 10
    assert kept.startswith("xxx")
    assert kept.endswith("[more was printed; only the beginning is kept]\n")
    arena.report("a limit", "the first 256 KB, and that there was more")
