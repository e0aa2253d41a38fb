"""Every test, in two lanes at once: whole visits, which mostly wait for real time to pass, and beside them all others.

`make test` runs this. The second lane has low priority: a visit must not be late because a matrix is being tested. What it
printed stands below the first's when both are done. Exit code: 1 if either lane is red.
"""

import os
import subprocess
import sys
import tempfile

PYTEST = [sys.executable, "-m", "pytest", "-q"]
REAL_TIME = "visit or web"
NICENESS = 10


def main() -> int:
    with tempfile.TemporaryFile("w+") as printed:
        others = subprocess.Popen(
            ["nice", "-n", str(NICENESS), *PYTEST, "-m", f"not ({REAL_TIME})"],
            stdout=printed,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        try:
            print("whole visits and pages, in real time; beside them everything else (its result follows):", flush=True)
            visits = subprocess.run([*PYTEST, "-m", REAL_TIME], check=False).returncode
            if others.poll() is None:
                print("everything else is still running ...", flush=True)
            rest = others.wait()
        finally:
            others.kill()
        printed.seek(0)
        print("\neverything else:")
        sys.stdout.write(printed.read())
    return 1 if visits or rest else 0


if __name__ == "__main__":
    sys.exit(main())
