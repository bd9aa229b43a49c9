"""A published generation, brought up to now: loaded, with the calls since its build."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audiencekit.intake.landing_settings import FileSettings
from audiencekit.live.landing import Landing
from audiencekit.live.log import CallLog, in_parts
from audiencekit.live.lookup import Lookup
from audiencekit.live.memberships import Memberships
from audiencekit.live.worker import Worker
from audiencekit.publish.generations import Manifest, read_manifest
from audiencekit.publish.live_state import check_format


@dataclass(frozen=True)
class Loaded:
    """What is evaluated, and who is looked up, with one generation, and the number of the refresh that is in it."""

    manifest: Manifest
    members: Memberships
    lookup: Lookup
    refreshed: int = 0

    @property
    def built_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest.as_of)

    def close(self) -> None:
        self.members.evaluator.close()


def load(generation: Path, log: CallLog, settings: FileSettings) -> Loaded:
    """Open a generation, and take in the calls that its build had not. Nobody is evaluated yet.

    `settings` are what landing.yml says of the log. Raises UserError for a generation of another version.
    """
    check_format(generation)
    manifest = read_manifest(generation)
    evaluator, landing = Worker(generation), Landing(settings)
    try:
        # A file of the log may have been divided while the build took it in, so the last one is read again.
        taken = manifest.call_logs.get(log.folder.name, 0)
        for rows in in_parts(log.calls_since(taken)):
            arrived = landing.rows(rows)
            evaluator.take(arrived.events)
            evaluator.take_accounts(arrived.accounts)
            evaluator.take_consent(arrived.consent)
    except BaseException:
        evaluator.close()
        raise
    return Loaded(manifest, Memberships(evaluator), Lookup(generation, evaluator.new_logins))
