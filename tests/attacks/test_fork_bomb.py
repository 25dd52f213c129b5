"""A fork bomb (of twenty processes)."""

CODE = """
import os
import time

def attack():
    children = []
    for _ in range(20):
        child = os.fork()
        if child == 0:
            time.sleep(0.2)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return len(children)
"""


def test_does_not_go_off(arena):
    arena.attack(CODE, stops=("seccomp",), won=lambda count: count == 20)
