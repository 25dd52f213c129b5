"""What the sandbox refuses says so, in words a student understands."""

import textwrap

import pytest

from autograder.sandbox import refusals
from autograder.sandbox.client import Limits, Sandbox
from autograder.sandbox.refusals import (
    DEBUGGER,
    EXIT,
    FILES,
    KEYBOARD,
    LOOPS,
    MEMORY,
    MODULES,
    NETWORK,
    OTHER,
    PLOTS,
    PROGRAMS,
    SIGNALS,
    THREADS,
)
from tests.held_up import unless_held_up

from .test_student import failure

REFUSED = [
    ("import threading; threading.Thread(target=print).start()", THREADS),
    ("import _thread; _thread.start_new_thread(print, ())", THREADS),
    ("from concurrent.futures import ThreadPoolExecutor as P; P(2).submit(print)", THREADS),
    ("from concurrent.futures import ProcessPoolExecutor as P; P(2).submit(print)", PROGRAMS),
    ("import multiprocessing; multiprocessing.Process(target=print).start()", PROGRAMS),
    ("import multiprocessing; multiprocessing.Pool(2)", PROGRAMS),
    ("import multiprocessing; multiprocessing.Lock()", PROGRAMS),
    ("import subprocess; subprocess.run(['ls'])", PROGRAMS),
    ("import os; os.system('ls')", PROGRAMS),
    ("import os; os.popen('ls')", PROGRAMS),
    ("import os; os.fork()", PROGRAMS),
    ("import os; os.execv('/bin/ls', ['ls'])", PROGRAMS),
    ("import os; os.posix_spawn('/bin/ls', ['ls'], {})", PROGRAMS),
    ("import socket; socket.socket()", NETWORK),
    ("import socket; socket.getaddrinfo('example.org', 80)", NETWORK),
    ("import urllib.request; urllib.request.urlopen('http://example.org')", NETWORK),
    ("import http.client; http.client.HTTPConnection('127.0.0.1').request('GET', '/')", NETWORK),
    ("open('x.txt', 'w')", FILES),
    ("open('x.txt', 'a')", FILES),
    ("open('data.csv')", FILES),
    ("open(__file__)", FILES),
    ("import numpy as np; np.save('x.npy', np.ones(3))", FILES),
    ("import numpy as np; np.load('x.npy')", FILES),
    ("import numpy as np; np.memmap('x', mode='w+', shape=3)", FILES),
    ("import pathlib; pathlib.Path('x').write_text('a')", FILES),
    ("import tempfile; tempfile.TemporaryFile()", FILES),
    ("import os; os.listdir('/')", FILES),
    ("import os; os.mkdir('x')", FILES),
    ("import os; os.remove('x')", FILES),
    ("import os; os.rename('x', 'y')", FILES),
    ("import os; os.chdir('/')", FILES),
    ("import sqlite3; sqlite3.connect('x.db').execute('create table t (a)')", FILES),
    ("import logging; logging.FileHandler('x')", FILES),
    ("import os; os.kill(1, 9)", SIGNALS),
    ("import signal; signal.raise_signal(signal.SIGUSR1)", SIGNALS),
    ("import mmap; mmap.mmap(-1, 1 << 40)", MEMORY),
    ("input('Which one? ')", KEYBOARD),
    ("import getpass; getpass.getpass()", KEYBOARD),
    ("breakpoint()", DEBUGGER),
    ("import pdb; pdb.set_trace()", DEBUGGER),
    ("import matplotlib.pyplot as plt", PLOTS),
    ("import torch", MODULES),
    ("from IPython.display import display", MODULES),
    ("import asyncio; asyncio.new_event_loop()", LOOPS),
    ("exit()", EXIT),
    ("import sys; sys.exit()", EXIT),
    ("import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", OTHER),
    ("import os; os.sched_setaffinity(0, {0})", OTHER),
    ("import os; os.pipe()", OTHER),
    ("import os; os.memfd_create('x')", OTHER),
]


@pytest.mark.parametrize(("code", "words"), REFUSED)
def test_a_refusal_says_what_is_not_there(submit, code, words):
    student = submit(layers=f"def f():\n    {code}\n")
    error = failure(student.call, "layers.f")
    assert error.message.endswith(f"({words})"), error.message
    assert "while grading" in words


@pytest.mark.parametrize(
    "code",
    [
        "raise PermissionError('mine')",
        "raise RuntimeError('mine')",
        "raise EOFError",
        "raise NameError('exit')",
        "{}['exit']",
        "undefined",
        "import numpy as np; np.ones(2) @ np.ones(3)",
    ],
)
def test_an_error_of_the_students_own_has_no_note(submit, code):
    student = submit(layers=f"def f():\n    {code}\n")
    assert "while grading" not in failure(student.call, "layers.f").message


def test_a_module_that_starts_a_thread_when_imported(submit):
    student = submit(layers="import threading\nthreading.Thread(target=print).start()\ndef f(): pass\n")
    assert failure(student.call, "layers.f").message.endswith(f"start new thread ({THREADS})")


def test_sleeping_beyond_the_limit(sandbox):
    text = b"import time\n\n\ndef f():\n    time.sleep(60)\n"
    with (
        Sandbox(Limits(call_seconds=0.5), sandbox.level) as quick,
        quick.submission({"cs_lib/layers.py": text}) as student,
    ):

        def one_case():
            student.begin_case(seed=1)
            return failure(student.call, "layers.f").message

        message = unless_held_up(one_case)
    assert message.endswith("did not finish; take sleep() out: nothing waits while grading")


def test_an_exception_that_fails_when_looked_at_has_no_note(submit):
    code = """
        class Odd(OSError):
            @property
            def args(self):
                raise SystemExit

        def f():
            raise Odd(1, "odd")
        """
    student = submit(layers=textwrap.dedent(code))
    assert "Odd" in failure(student.call, "layers.f").message


def test_every_area_is_said_in_the_same_way():
    areas = [value for name, value in vars(refusals).items() if name.isupper() and isinstance(value, str)]
    assert len(areas) > 10
    assert all("while grading" in words for words in areas)
