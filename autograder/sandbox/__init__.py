"""Runs student code where it can reach nothing: no files, no network, no processes, no answers.

Read in this order: `limits`, `wire`, `level`, `harden`, `zygote`, `worker`, `client`.
"""
