"""Call the kernel as a 32-bit program would, past a filter that knows 64-bit numbers only."""

import platform

import pytest

CODE = """
import ctypes
import mmap

def attack():
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_int)(start)()
"""


def test_is_ended(arena):
    if platform.machine() != "x86_64":
        pytest.skip("this machine has no second set of system calls")
    if arena.run(CODE, level=arena.level.without("seccomp")).error:
        pytest.skip("this kernel takes no 32-bit calls")
    seen = arena.attack(CODE, stops=("seccomp",), won=lambda pid: bool(pid and pid > 0))
    assert seen.error.kind == "crash"
    assert "Bad system call" in seen.error.message
