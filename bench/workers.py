"""Running iobench processes, which take turns."""

import json
import os
import subprocess


class Refused(Exception):
    """The measurement is not possible; the message says why."""


class Worker:
    """A context manager that ends the process. `memory` is a descriptor of shared memory for buffers."""

    def __init__(self, program, arguments, preload=None, extra=None, memory=None):
        environment = dict(os.environ, **(extra or {}))
        environment.pop("LD_PRELOAD", None)
        if preload:
            environment["LD_PRELOAD"] = preload
        own = () if memory is None else ("--memory-fd", str(memory))
        self.process = subprocess.Popen(
            [program, *own, *arguments], env=environment, text=True,
            pass_fds=() if memory is None else (memory,),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Refused(self._last_words())
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def _last_words(self):
        _, words = self.process.communicate()
        return words.strip() or f"iobench ended with status {self.process.returncode}"

    def batch(self, command):
        """Run one batch and return its results; see iobench.c for the commands."""
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Refused(self._last_words()) from None
        return self._answer()

    def memory(self):
        """/proc/PID/smaps_rollup, in KiB."""
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as lines:
            next(lines)
            fields = (line.split() for line in lines)
            return {name.rstrip(":"): int(value) for name, value, *_ in fields}

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()
