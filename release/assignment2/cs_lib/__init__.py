"""A small deep-learning library in NumPy, written to be read and, in part, rewritten by students."""
