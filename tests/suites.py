"""Run the lint and every test suite in its own environment, and say how many tests passed: `make test`.

Blender comes as a Python module, one environment per supported version, because two versions cannot share
one. The report ends with one line per suite; the exit status is 0 only if no test failed and none is missing.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "build" / "tests"
LIMIT = 1800
"""Seconds after which a suite counts as hung; a single test does much earlier (``timeout`` in pyproject)."""
NEEDS_BLENDER = ("tests/blender", "tests/demo")
NEEDS_PACKAGE = ("tests/package",)


@dataclass(frozen=True)
class Suite:
    """What one environment runs: `folders` of tests, without those in `leave_out`."""

    name: str
    environment: str
    folders: tuple[str, ...]
    leave_out: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The pytest call of the suite; its counts go to a JUnit file in `REPORTS`."""
        python = ROOT / self.environment / "bin" / "python"
        ignored = [f"--ignore={folder}" for folder in self.leave_out]
        report = f"--junitxml={self.report()}"
        return [str(python), "-m", "pytest", "-q", report, *ignored, *self.folders]

    def report(self) -> Path:
        """Path of the suite's JUnit file."""
        return REPORTS / f"{self.name.replace(' ', '-')}.xml"


SUITES = (
    Suite("unit, streaming and training", ".venv", ("tests",), (*NEEDS_BLENDER, *NEEDS_PACKAGE)),
    Suite("Blender 4.5", ".venv-bpy45", NEEDS_BLENDER),
    Suite("Blender 5.0", ".venv-bpy50", NEEDS_BLENDER),
    Suite("package", ".venv", NEEDS_PACKAGE),
)


def run(suite: Suite) -> tuple[bool, str]:
    """Run one suite. Returns whether it is whole, and its line of the report."""
    print(f"\n=== {suite.name} ({suite.environment}) ===", flush=True)
    suite.report().unlink(missing_ok=True)
    started = time.monotonic()
    with subprocess.Popen(suite.command(), cwd=ROOT) as process:
        try:
            status = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # pytest's fault handler says where all threads stood
            return False, f"{suite.name}: still running after {LIMIT} s, stopped"
    seconds = time.monotonic() - started
    if not suite.report().is_file():
        return False, f"{suite.name}: pytest ended with status {status} and without a report"
    counts = ElementTree.parse(suite.report()).getroot().find("testsuite").attrib
    total, failed, broken, skipped = (int(counts[k]) for k in ("tests", "failures", "errors", "skipped"))
    passed = total - failed - broken - skipped
    line = f"{suite.name}: {passed} passed, {failed + broken} failed, {skipped} skipped in {seconds:.0f} s"
    # A status other than 0 with green counts is a crash at exit, or a suite that collected nothing.
    return status == 0, line if status in (0, 1) else f"{line} (pytest ended with status {status})"


def lint() -> tuple[bool, str]:
    """Ruff's two checks. Returns whether both are content, and their line of the report."""
    print("\n=== lint ===", flush=True)
    status = subprocess.run(["make", "--silent", "lint"], cwd=ROOT, check=False).returncode
    return status == 0, "lint"


def main() -> int:
    """Run all suites, also after one failed, so that one run shows everything."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    results = [lint(), *(run(suite) for suite in SUITES)]
    print("\n=== all suites ===")
    for whole, line in results:
        print(("ok    " if whole else "FAILED") + " " + line)
    return 0 if all(whole for whole, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
