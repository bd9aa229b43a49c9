"""The evaluator in a process of its own, so that no answer waits for an evaluation: Python runs one thread of a process at a time.

The service asks through pipes, one thing at a time. The process ends when the service does, however that ends.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, KeysView, Mapping, Set
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from audiencekit.live.evaluator import Evaluator, Outcome
from audiencekit.live.facts import VISITOR
from audiencekit.live.failures import EvaluationFailed, EvaluatorEnded, place_of
from audiencekit.live.lookup import NewLogins
from audiencekit.publish.keyed_rows import KeyedRows
from audiencekit.publish.live_facts import KEYS_FILE

T = TypeVar("T")

# Not with -m: this module would be there twice, and so would its classes. Ctrl-C is for the service, which lets this process go
# when it has stopped.
_COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
from audiencekit.live.worker import serve
serve(sys.argv[1])
"""


class Worker:
    """An Evaluator of a generation that runs elsewhere. Used by one thread.

    `segments`, `visitors` and `new_logins` are those of the evaluator, `process` is where it runs. The methods raise
    EvaluationFailed where the evaluator fails, and EvaluatorEnded where its process is gone.
    """

    def __init__(self, generation: Path):
        """Open a published generation. Nobody is loaded yet."""
        generation = generation.resolve()
        self._keys = KeyedRows(generation / KEYS_FILE)
        self.new_logins = NewLogins()
        self.visitors: dict[str, datetime] = {}
        # -P: files of the current folder are no modules.
        command = [sys.executable, "-P", "-c", _COMMAND, str(generation)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            # A generation that cannot be read is noticed here.
            self.segments = self.ask(_segments)
        except BaseException:
            self.close()
            raise

    @property
    def has_ended(self) -> bool:
        """Whether its process is gone."""
        return self.process.poll() is not None

    def ask(self, question: Callable[..., T], *args: object) -> T:
        """What a function, which a module has, returns for the evaluator and these arguments."""
        to, answers = self.process.stdin, self.process.stdout
        assert to and answers
        try:
            pickle.dump((question, args), to, pickle.HIGHEST_PROTOCOL)
            to.flush()
            answer, problem = pickle.load(answers)
        except Exception as gone:
            # It is dead, or has half a question or half an answer: nothing more can be asked.
            self.process.kill()
            raise EvaluatorEnded from gone
        if problem:
            raise EvaluationFailed(problem)
        return answer

    def customers(self) -> KeysView[str]:
        """All customers of the build, in the order of their keys."""
        return dict.fromkeys(self._keys.keys()).keys()

    def outcome(self, customers: Set[str], moment: datetime) -> Outcome:
        return self.ask(Evaluator.outcome, customers, moment)

    def take(self, events: pa.Table) -> dict[str, set[str]]:
        about, visitors, new = self.ask(_take, events)
        self.visitors |= visitors
        self.new_logins.customers |= new.customers
        self.new_logins.strangers |= new.strangers
        return about

    def take_accounts(self, accounts: pa.Table) -> set[str]:
        return self.ask(Evaluator.take_accounts, accounts)

    def take_consent(self, decisions: pa.Table) -> set[str]:
        return self.ask(Evaluator.take_consent, decisions)

    def replace_facts(self, customers: Set[str], tables: Mapping[str, pa.Table]) -> None:
        self.ask(Evaluator.replace_facts, customers, tables)

    def replace_shared(self, name: str, rows: pa.Table) -> None:
        self.ask(Evaluator.replace_shared, name, rows)

    def drop_customers(self, customers: Set[str]) -> None:
        self.ask(Evaluator.drop_customers, customers)

    def drop_visitors(self, keys: Set[str]) -> None:
        for key in keys:
            self.visitors.pop(key, None)
        self.ask(Evaluator.drop_visitors, keys)

    def close(self) -> None:
        """End its process."""
        self.process.kill()
        self.process.communicate()


class _NotedLogins(NewLogins):
    """New logins, with the devices of those since they were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._devices: set[str] = set()

    def add(self, device: str, customer: str | None = None) -> None:
        super().add(device, customer)
        self._devices.add(device)

    def noted(self) -> NewLogins:
        devices, self._devices = self._devices, set()
        customers = {each: self.customers[each] for each in devices if each in self.customers}
        return NewLogins(customers, devices & self.strangers)


def _segments(evaluator: Evaluator) -> frozenset[str]:
    return evaluator.segments


def _take(evaluator: Evaluator, events: pa.Table) -> tuple[dict, dict[str, datetime], NewLogins]:
    """Whom events concern, the visitors among them, and the logins that are new."""
    about = evaluator.take(events)
    visitors = {key for customers in about.values() for key in customers if key.startswith(VISITOR)}
    logins = evaluator.new_logins
    assert isinstance(logins, _NotedLogins)
    return about, {key: evaluator.visitors[key] for key in visitors}, logins.noted()


def _opened(generation: Path) -> Evaluator:
    evaluator = Evaluator(generation)
    evaluator.new_logins = _NotedLogins()
    return evaluator


def serve(generation: str) -> None:
    """Answer questions about a generation, until nobody can ask any more."""
    # What a library prints is none of the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    evaluator: Evaluator | None = None
    while True:
        try:
            question, args = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            evaluator = evaluator or _opened(Path(generation))
            answer = pickle.dumps((question(evaluator, *args), ""), pickle.HIGHEST_PROTOCOL)
        except Exception as problem:
            answer = pickle.dumps((None, place_of(problem)))
        try:
            answers.write(answer)
            answers.flush()
        except BrokenPipeError:
            return
