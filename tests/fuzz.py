"""How long readers of outside input are fed with generated inputs: `make fuzz` runs the tests that carry `fuzz`.

FUZZ_TIMES says how many times as many examples are tried as the suite tries.
"""

import os

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))


def examples(count: int) -> int:
    return count * TIMES
