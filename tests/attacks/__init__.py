"""Attacks on the sandbox, one small file each; `README.md` has the table of what stopped them."""
