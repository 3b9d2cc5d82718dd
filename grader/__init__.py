"""The grader: specs of exercises, comparison, diagnosis, sandbox, gradebook, self-check."""
