"""`python -m pages.record` measures every claim, question and panel; with `--check` it compares and writes nothing.

Names of lessons limit it to these: `python -m pages.record momentum traps`.
"""

import sys
from collections.abc import Sequence

from pages import LESSONS
from teaching import record


def main(arguments: Sequence[str]) -> int:
    """Measure and write, or check; return 1 where a recorded number is not confirmed."""
    check = "--check" in arguments
    names = [name for name in arguments if not name.startswith("--")] or list(LESSONS)
    wrong = []
    for name in names:
        lesson, before, found = LESSONS[name], record.recorded(name), {}
        for measure in record.measures(lesson):
            found[measure.name] = now = record.run(measure)
            known = before.get(measure.name)
            wrong += record.differences(measure, known.numbers, now.numbers) if known else [f"{measure.name}: new"]
            print(f"{name:14} {measure.name:50} {now.seconds:7.2f} s", flush=True)
        if not check:
            record.write(lesson, found)
    print("\n".join(wrong) or "every number is confirmed")
    return int(check and bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
