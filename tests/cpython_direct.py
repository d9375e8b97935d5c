"""Runs tests of CPython's own test suite, and prints the result of each, one a line.

   cpython_direct.py plain|direct TEST...

"direct" adds O_DIRECT to every os.open() and open() of a path that takes it. The tests are those of the
interpreter that runs this; nothing of them is part of this package.
"""
import builtins
import errno
import io
import os
import sys
import unittest

EXTRA = {"plain": 0, "direct": os.O_DIRECT}[sys.argv[1]]
plain_open = io.open
plain_os_open = os.open


def direct_os_open(path, flags, mode=0o777, *, dir_fd=None):
    """A directory or a device may refuse O_DIRECT: it is opened as it would have been."""
    try:
        return plain_os_open(path, flags | EXTRA, mode, dir_fd=dir_fd)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return plain_os_open(path, flags, mode, dir_fd=dir_fd)


def direct_opener(path, flags):
    return direct_os_open(path, flags, 0o666)


def direct_open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None,
                closefd=True, opener=None):
    if opener is None and not isinstance(file, int):
        opener = direct_opener
    return plain_open(file, mode, buffering, encoding, errors, newline, closefd, opener)


class Outcomes(unittest.TestResult):
    """Prints what became of each test."""

    def show(self, what, test, detail=""):
        print(f"{test.id()}: {what}")
        if detail:
            print(detail, file=sys.stderr)

    def addSuccess(self, test):
        self.show("ok", test)

    def addFailure(self, test, err):
        self.show("failed", test, self._exc_info_to_string(err, test))

    def addError(self, test, err):
        self.show("error", test, self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        self.show("skipped", test)

    def addSubTest(self, test, subtest, err):
        if err:
            self.show("failed", subtest, self._exc_info_to_string(err, test))


def main():
    # In both runs, so that they differ in the flag alone.
    os.open = direct_os_open
    os.supports_dir_fd.add(direct_os_open)
    io.open = builtins.open = direct_open
    for name in sys.argv[2:]:
        unittest.defaultTestLoader.loadTestsFromName("test." + name).run(Outcomes())


main()
