"""Do right answers always score full marks? Every style of the corpus, on fresh hidden cases.

    python -m grader.benchmarks.fairness [--seeds 50] [--slug 01-rnn]

(That wrong ones never do, and are named, is what `unrolled verify --seeds 50` shows.)
"""

import argparse
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from grader import exercises, notebook
from grader.course import Course
from grader.tests import submissions
from grader.verify import functions, passes


def main() -> None:
    """Grade in this process, without the sandbox: it is the comparison that is in question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--slug", help="of one assignment; otherwise all")
    given = parser.parse_args()
    full = asked = 0
    course, seeds = Course(Path(__file__).parent.parent.parent), given.seeds
    for slug in [given.slug] if given.slug else exercises.slugs():
        assignment, release = exercises.load(slug), notebook.read(course.release(slug))
        for exercise in assignment:
            exercise.misconceptions.clear()  # what wrong versions answer need not be known here
        questions = [e.question(f"fairness {seed}".encode()) for e in assignment for seed in range(seeds)]
        for style in submissions.styles(slug):
            (data,) = submissions.right(release, slug, style).values()
            with redirect_stdout(StringIO()):  # some print as they go
                answer = functions(notebook.parse(data, style))
                right = sum(passes(question, answer[question.name]) for question in questions)
            print(f"{slug} {style}: {right} of {len(questions)} questions at full marks", flush=True)
            full, asked = full + right, asked + len(questions)
    print(f"{full} of {asked} in all")


if __name__ == "__main__":
    main()
