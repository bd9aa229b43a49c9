"""Two jobs for Dagster: a run at night, and a refresh every hour. Try them with `dagster dev -f audiencekit_jobs.py`.

Set AUDIENCEKIT_HOME, AUDIENCEKIT_LANDING and AUDIENCEKIT_WEBHOOK_SECRET where Dagster runs.
"""

import os
import subprocess

from dagster import (
    Backoff,
    Definitions,
    Failure,
    OpExecutionContext,
    RetryPolicy,
    ScheduleDefinition,
    job,
    op,
)

RETRY = RetryPolicy(max_retries=2, delay=300, backoff=Backoff.LINEAR)


def _command(context: OpExecutionContext, *arguments: str) -> None:
    """Run a command, log what it says, and fail with its last line."""
    done = subprocess.run(["audiencekit", *arguments], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        context.log.info(line)
    if done.returncode:
        raise Failure(done.stderr.strip() or f"exit code {done.returncode}")


@op(retry_policy=RETRY)
def take_in_and_publish(context: OpExecutionContext) -> None:
    _command(context, "run", os.environ["AUDIENCEKIT_LANDING"])


@op(retry_policy=RETRY)
def take_in_extracts(context: OpExecutionContext) -> None:
    _command(context, "refresh", os.environ["AUDIENCEKIT_LANDING"])


@job
def audiencekit_run() -> None:
    take_in_and_publish()


@job
def audiencekit_refresh() -> None:
    take_in_extracts()


defs = Definitions(
    jobs=[audiencekit_run, audiencekit_refresh],
    schedules=[
        ScheduleDefinition(job=audiencekit_run, cron_schedule="30 2 * * *"),
        # Not in the hours of the run: a refresh does not wait for it.
        ScheduleDefinition(job=audiencekit_refresh, cron_schedule="5 4-23 * * *"),
    ],
)
