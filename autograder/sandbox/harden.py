"""What a worker gives up before it runs student code: files, network, processes, memory without end.

Runs inside the zygote and its workers; standard library only. Each layer stands on its own, so that one
with a hole still leaves the others. Nothing here needs privileges.
"""

import ctypes
import errno
import math
import mmap
import os
import resource
import signal
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 444, 445, 446  # the same on every machine
LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1
READ_FILE, READ_DIR = 1 << 2, 1 << 3
# Rights that exist in each Landlock ABI: 13 at first, then REFER, TRUNCATE, IOCTL_DEV.
FS_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
NET_RIGHTS = 0b11  # TCP bind and connect, ABI 4
SCOPES = 0b11  # abstract unix sockets and signals, ABI 6

MAX_FILES = 32  # open at once
STACK_BYTES = 8 << 20  # at how deep a recursion Python ends depends on it
PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}  # ignored by Python, so that a write fails with an error

libc = ctypes.CDLL(None, use_errno=True)


class HardenError(OSError):
    """A layer that was promised could not be put on."""


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise HardenError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, value: int, what: str) -> None:
    zero = ctypes.c_ulong(0)
    _check(libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), what)


def landlock_abi() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    version: int = libc.syscall(
        SYS_LANDLOCK_CREATE, None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION
    )
    return max(version, 0)


def landlock_ruleset(readable: Iterable[str], listable: Iterable[str]) -> int:
    """A ruleset (file descriptor) that allows reading below `readable`, seeing the names below `listable`,
    and no other file, port or signal.
    """
    abi = landlock_abi()
    if not abi:
        raise HardenError(errno.ENOSYS, "this kernel has no Landlock")
    rights = FS_RIGHTS[min(abi, max(FS_RIGHTS))]
    attr = struct.pack("QQQ", rights, NET_RIGHTS if abi >= 4 else 0, SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    create = libc.syscall(SYS_LANDLOCK_CREATE, attr, ctypes.c_size_t(size), 0)
    ruleset = _check(create, "landlock_create_ruleset")
    for path in readable:
        _allow(ruleset, path, READ_FILE | READ_DIR if os.path.isdir(path) else READ_FILE)
    for path in listable:
        _allow(ruleset, path, READ_DIR)
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    with suppress(FileNotFoundError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = struct.pack("=Qi", rights, place)
            done = libc.syscall(SYS_LANDLOCK_ADD, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0)
            _check(done, f"landlock_add_rule {path}")
        finally:
            os.close(place)


def restrict_files(ruleset: int) -> None:
    _check(libc.syscall(SYS_LANDLOCK_RESTRICT, ruleset, 0), "landlock_restrict_self")


def restrict_calls(program: bytes) -> None:
    """Load a compiled seccomp filter: system calls that are not on its list fail from now on."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    filter_at = ctypes.create_string_buffer(header, len(header))
    _check(libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), filter_at, 0, 0), "seccomp")


def no_new_privileges() -> None:
    _prctl(PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")


def die_with_parent(parent: int) -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, "parent death signal")
    if os.getppid() != parent:  # it was gone before we asked
        os._exit(1)


def hide_memory() -> None:
    """Others of the same user may not read this process's memory or attach to it."""
    _prctl(PR_SET_DUMPABLE, 0, "dumpable")


def become(uid: int) -> None:
    """Leave root for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def address_space() -> int:
    """Bytes this process has mapped: the lowest RLIMIT_AS under which one more page cannot be mapped.

    Found by trying, because /proc is not there inside the sandbox.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 44 if hard == resource.RLIM_INFINITY else min(hard, 1 << 44)
    try:
        while high - low > mmap.PAGESIZE:
            middle = (low + high) // 2
            resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
            try:
                mmap.mmap(-1, mmap.PAGESIZE).close()
                high = middle
            except (OSError, MemoryError):
                low = middle
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return high


def limit_resources(memory_bytes: int, cpu_seconds: float) -> None:
    """Kernel limits, the same whoever started us; the hard ones too, so that they cannot be raised again.

    Raises:
        HardenError: one that we have ourselves is lower.
    """
    cpu = math.ceil(cpu_seconds)
    wanted = {
        "AS": (memory_bytes, memory_bytes),
        "DATA": (memory_bytes, memory_bytes),
        "STACK": (STACK_BYTES, STACK_BYTES),
        "CPU": (cpu, cpu + 1),  # the first is a signal that can be distinguished, the second the end
        "NOFILE": (MAX_FILES, MAX_FILES),
        **dict.fromkeys(("FSIZE", "CORE", "MEMLOCK", "MSGQUEUE", "NICE", "RTPRIO"), (0, 0)),
    }
    for name, (soft, hard) in wanted.items():
        which = getattr(resource, f"RLIMIT_{name}", None)
        if which is None:
            continue
        ceiling = resource.getrlimit(which)[1]
        if ceiling != resource.RLIM_INFINITY and ceiling < hard:
            raise HardenError(
                errno.EINVAL, f"the limit RLIMIT_{name} is {ceiling:,} here, and {hard:,} is needed; raise it"
            )
        resource.setrlimit(which, (soft, hard))


def default_signals() -> None:
    """Nothing is ignored or held back because whoever started us did so, as `nohup` does; and SIGINT, from
    outside, is no exception in student code."""
    for number in signal.valid_signals() - PYTHONS_OWN - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def close_all_but(keep: Sequence[int]) -> None:
    start = 0
    for descriptor in sorted(keep):
        if start < descriptor:  # an empty range would mean "all"
            os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, 1 << 16)
