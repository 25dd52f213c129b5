"""The system calls a worker may make, compiled to a seccomp program on the judge's side.

An allowlist: what is not named fails with ENOSYS, as on a kernel that lacks the call. What programs do
try now and then (start a thread, open a socket, send a signal) fails with EPERM, which Python turns into
an ordinary exception that the student can read.
"""

import errno
import os
import termios
from functools import cache
from types import ModuleType

ALLOWED = """
read readv pread64 write close lseek fstat newfstatat stat lstat statx access faccessat faccessat2
readlink readlinkat getcwd getdents64 dup poll ppoll select pselect6
mmap mprotect munmap mremap madvise brk
rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall setitimer getitimer
getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid
clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage getrlimit
uname sysinfo sched_yield sched_getaffinity getcpu getrandom umask exit exit_group
"""

# Denied anyway by not being listed; named so that the student meets a permission error.
REFUSED = """
fork vfork clone execve execveat kill tkill tgkill ptrace process_vm_readv process_vm_writev
socket socketpair connect bind listen accept accept4 sendto recvfrom sendmsg recvmsg
memfd_create shmget shmat mq_open pipe pipe2 eventfd eventfd2 epoll_create epoll_create1
prctl seccomp unshare setns mount umount2 pivot_root chroot
chmod fchmod fchmodat chown fchown lchown fchownat truncate ftruncate utime utimes utimensat futimesat
unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat symlink symlinkat mknod mknodat
setxattr lsetxattr fsetxattr removexattr creat writev pwrite64 sendfile
setuid setgid setreuid setregid setresuid setresgid setgroups setrlimit setpriority sched_setaffinity
sched_setscheduler setsid setpgid dup2 dup3 sync fsync fdatasync flock
"""

WRITE_FLAGS = (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC)
FUTEX_OPERATION = 0x7F  # the rest of the argument are flags
FUTEX_PLAIN = (0, 1, 9, 10)  # wait, wake and both with a bitset; the others have a history of kernel bugs
FCNTL_READING = (1, 2, 3)  # F_GETFD, F_SETFD, F_GETFL


class PolicyError(OSError):
    """seccomp cannot be used on this machine; says why."""


@cache
def program() -> bytes:
    """The filter, ready for the kernel.

    Raises:
        PolicyError: libseccomp is not there.
    """
    try:
        import pyseccomp as lib
    except (ImportError, RuntimeError, OSError) as error:
        text = f"the library libseccomp cannot be used ({error}); install the package libseccomp2"
        raise PolicyError(text) from None
    rules = lib.SyscallFilter(lib.ERRNO(errno.ENOSYS))
    for action, names in ((lib.ALLOW, ALLOWED), (lib.ERRNO(errno.EPERM), REFUSED)):
        for name in names.split():
            if _exists(lib, name):
                rules.add_rule(action, name)
    for name, conditions in _conditional(lib):
        if _exists(lib, name):
            rules.add_rule(lib.ALLOW, name, *conditions)
    for name, at in (("open", 1), ("openat", 2)):
        for bit in WRITE_FLAGS if _exists(lib, name) else ():
            rules.add_rule(lib.ERRNO(errno.EACCES), name, lib.Arg(at, lib.MASKED_EQ, bit, bit))
    descriptor = os.memfd_create("seccomp")
    with open(descriptor, "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _exists(lib: ModuleType, name: str) -> bool:
    """Not every machine has every call: arm64 has no `stat`, only `newfstatat`."""
    return bool(lib.resolve_syscall(lib.system_arch(), name) >= 0)


def _conditional(lib: ModuleType) -> list[tuple[str, list[object]]]:
    """Calls that are fine with some arguments only: (name, conditions on its arguments)."""
    reading = sum(WRITE_FLAGS)
    return [
        ("open", [lib.Arg(1, lib.MASKED_EQ, reading, 0)]),
        ("openat", [lib.Arg(2, lib.MASKED_EQ, reading, 0)]),
        *[("ioctl", [lib.Arg(1, lib.EQ, request)]) for request in (termios.TCGETS, termios.FIOCLEX)],
        *[("fcntl", [lib.Arg(1, lib.EQ, command)]) for command in FCNTL_READING],
        *[("futex", [lib.Arg(1, lib.MASKED_EQ, FUTEX_OPERATION, op)]) for op in FUTEX_PLAIN],
        # Reading one's own limits; raising them is another matter.
        ("prlimit64", [lib.Arg(0, lib.EQ, 0), lib.Arg(2, lib.EQ, 0)]),
    ]
