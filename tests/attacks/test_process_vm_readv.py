"""Read the grader's memory with process_vm_readv."""

CODE = """
import ctypes

class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

def attack(pid, address):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(40)
    here, there = Part(ctypes.addressof(buffer), 23), Part(address, 23)
    one = ctypes.c_ulong(1)
    got = libc.process_vm_readv(pid, ctypes.byref(here), one, ctypes.byref(there), one, ctypes.c_ulong(0))
    return buffer.raw.decode("latin-1") if got > 0 else None
"""


def test_stays_hidden(arena, victim, secret, may_trace):
    stops = ("seccomp", "bwrap", "landlock", "uid")
    arena.attack(CODE, victim.pid, victim.address, stops=stops, won=lambda text: secret in (text or ""))
