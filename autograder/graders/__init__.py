"""Hidden graders: pytest files that judge one submission through the `student` fixture."""
