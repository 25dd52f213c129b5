"""Hidden graders of assignment 1."""
