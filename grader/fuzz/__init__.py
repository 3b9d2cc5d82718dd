"""Fuzzing of what reads a stranger's bytes: coverage-guided with atheris, and the same properties with Hypothesis.

    python -m grader.fuzz notebook --seconds 600

targets: what must hold of any bytes, one function for each reader · seeds: honest inputs to begin with · mutators: how
to change bytes so that they still look like what the reader expects · __main__: the command.
"""
