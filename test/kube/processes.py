"""Programs that run beside a test, each with its log in a file, ended by process id, and ended when the tests are."""

import pathlib
import shlex
import signal
import subprocess
import time

from podpass_server import COMMAND_SECONDS


def eventually(condition, seconds=15):
    """Asks until the answer is true, and gives it. For what another program does in its own time and tells nobody."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s, but at last {answer!r}"
        time.sleep(0.05)
    return answer


def eventually_is(expected, question, seconds=15):
    """The same, where the answer is to be one value."""
    last = []

    def is_it():
        last[:] = [question()]
        return last[0] == expected

    try:
        eventually(is_it, seconds)
    except AssertionError as late:
        raise AssertionError(f"not {expected!r} within {seconds} s, but {last[0]!r}") from late


class Process:
    def __init__(self, name, directory, command, env=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.log = pathlib.Path(directory) / f"{name}.log"
        with self.log.open("ab") as log:
            self._begin = log.tell()
            self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *self.command], stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log, env=env, cwd=directory)

    @property
    def pid(self):
        return self._process.pid

    def running(self):
        return self._process.poll() is None

    def stop(self):
        """Asks it to end; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired as late:
            self.kill()
            raise AssertionError(f"did not end on SIGTERM: {shlex.join(self.command)}\n{self.log_text()}") from late

    def kill(self):
        self._process.kill()
        self._process.wait()

    def log_text(self):
        """What it wrote since this start."""
        return self.log.read_bytes()[self._begin:].decode(errors="replace")
