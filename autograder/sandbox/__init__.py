"""Runs student code where it can reach nothing: no files, no network, no processes, no answers.

Read in this order. What crosses the border: `wire`, `line`, `channel`. What a machine can do: `level`,
`seccomp`, `launch`, `doctor`. The other side: `harden`, `zygote`, `worker`, `memory_import`. Ours: `client`,
`session`, `sandboxed_student`, `library`.
"""
