"""Hidden graders of assignment 2."""
