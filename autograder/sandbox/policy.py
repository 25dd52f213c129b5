"""The system calls a worker may make, compiled to a seccomp program on the judge's side.

An allowlist: what is not named fails with ENOSYS, as on a kernel that lacks the call. What programs do
try now and then (start a thread, open a socket, send a signal) fails with EPERM, which Python turns into
an ordinary exception that the student can read.
"""

import errno
import os
import termios
from functools import cache

ALLOWED = [
    "read",
    "readv",
    "pread64",
    "write",
    "writev",
    "close",
    "lseek",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "getdents64",
    "dup",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "fstatfs",
    "statfs",
    "mmap",
    "mprotect",
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "futex",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "membarrier",
    "arch_prctl",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getpgrp",
    "getpgid",
    "getsid",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "times",
    "getrusage",
    "getrlimit",
    "uname",
    "sysinfo",
    "setitimer",
    "getitimer",
    "sched_yield",
    "sched_getaffinity",
    "getcpu",
    "getrandom",
    "umask",
    "exit",
    "exit_group",
]

# Denied anyway by not being listed; named so that the student meets a permission error, not a missing call.
REFUSED = [
    "fork",
    "vfork",
    "clone",
    "execve",
    "execveat",
    "kill",
    "tkill",
    "tgkill",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "memfd_create",
    "shmget",
    "shmat",
    "mq_open",
    "pipe",
    "pipe2",
    "eventfd",
    "eventfd2",
    "epoll_create",
    "epoll_create1",
    "inotify_init",
    "inotify_init1",
    "prctl",
    "seccomp",
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "truncate",
    "ftruncate",
    "utime",
    "utimes",
    "utimensat",
    "futimesat",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mknod",
    "mknodat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "creat",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "setrlimit",
    "setpriority",
    "sched_setaffinity",
    "sched_setscheduler",
    "setsid",
    "setpgid",
    "dup2",
    "dup3",
    "sync",
    "fsync",
    "fdatasync",
    "flock",
]

WRITING = os.O_WRONLY | os.O_RDWR
CREATING = os.O_CREAT | os.O_TRUNC


class PolicyError(OSError):
    """seccomp cannot be used on this machine; says why."""


@cache
def program() -> bytes:
    """The filter, ready for the kernel.

    Raises:
        PolicyError: libseccomp is not installed.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise PolicyError(f"libseccomp cannot be used ({error}); install libseccomp2") from None
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))
    known = []
    for action, names in ((pyseccomp.ALLOW, ALLOWED), (pyseccomp.ERRNO(errno.EPERM), REFUSED)):
        for name in names:
            if _exists(pyseccomp, name):
                rules.add_rule(action, name)
                known.append(name)
    _add_conditional(pyseccomp, rules)
    descriptor = os.memfd_create("seccomp")
    with open(descriptor, "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _exists(pyseccomp, name: str) -> bool:  # type: ignore[no-untyped-def]
    """Not every machine has every call: arm64 has no `stat`, only `newfstatat`."""
    return pyseccomp.resolve_syscall(pyseccomp.system_arch(), name) >= 0


def _add_conditional(pyseccomp, rules) -> None:  # type: ignore[no-untyped-def]
    """Calls that are fine with some arguments only."""
    arg = pyseccomp.Arg
    flags = WRITING | CREATING
    for name, at in (("open", 1), ("openat", 2)):
        if not _exists(pyseccomp, name):
            continue
        rules.add_rule(pyseccomp.ALLOW, name, arg(at, pyseccomp.MASKED_EQ, flags, 0))
        for bit in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC):
            rules.add_rule(pyseccomp.ERRNO(errno.EACCES), name, arg(at, pyseccomp.MASKED_EQ, bit, bit))
    rules.add_rule(pyseccomp.ALLOW, "ioctl", arg(1, pyseccomp.EQ, termios.TCGETS))
    rules.add_rule(pyseccomp.ALLOW, "ioctl", arg(1, pyseccomp.EQ, termios.FIOCLEX))
    for command in (1, 2, 3):  # F_GETFD, F_SETFD, F_GETFL
        rules.add_rule(pyseccomp.ALLOW, "fcntl", arg(1, pyseccomp.EQ, command))
    # Reading a limit, one's own only; raising one stays impossible.
    rules.add_rule(pyseccomp.ALLOW, "prlimit64", arg(0, pyseccomp.EQ, 0), arg(2, pyseccomp.EQ, 0))
