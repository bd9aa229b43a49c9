"""The command line: one module for each kind of command, and how mistakes are reported."""

import errno
import io
import signal
import sys
from types import FrameType

import click

from audiencekit import __version__
from audiencekit.cli import benchmark, events, jobs, pages, questions, sending
from audiencekit.dbt_project import OWN_PROJECT, link_package
from audiencekit.errors import UserError
from audiencekit.extras import how_to_install


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Customer segments as SQL, and the audiences every channel picks up."""
    if OWN_PROJECT:
        link_package(OWN_PROJECT)


for command in (
    *(jobs.init, jobs.run, jobs.demo, jobs.intake),
    *(questions.show, questions.who, questions.same, questions.reviews, questions.status),
    *(sending.publish, sending.notify, sending.deliver, sending.share),
    *(pages.boards, pages.playbooks, pages.docs),
    *(events.live, events.refresh),
    benchmark.bench,
):
    cli.add_command(command)


def main() -> None:
    """Entry point: mistakes of the user end in one or two lines and exit code 1."""
    signal.signal(signal.SIGTERM, _stop)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a letter of a file's name shows a question mark instead.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        cli.main(standalone_mode=False)
    except UserError as problem:
        click.echo(f"Error: {problem}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as problem:
        if not (hint := how_to_install(problem.name)):
            raise
        click.echo(f"Error: {hint}", err=True)
        sys.exit(1)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What was published before is still published.", err=True)
        sys.exit(130)
    except Exception as problem:
        if not (why := _full_or_read_only(problem)):
            raise
        click.echo(
            f"Error: {why}. What was published before is still published. Free some space, or set AUDIENCEKIT_HOME to a "
            "folder that can be written.",
            err=True,
        )
        sys.exit(1)


def _stop(_: int, __: FrameType | None) -> None:
    """Asked to end (SIGTERM): like Ctrl-C, so that the run says that it was stopped."""
    click.echo("Asked to stop (SIGTERM).", err=True)
    raise KeyboardInterrupt


def _full_or_read_only(problem: Exception) -> str:
    """Why nothing can be written, if that is the problem; it may come from the operating system or from DuckDB."""
    if isinstance(problem, OSError):
        is_such = problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
        where = f" ({problem.filename})" if problem.filename else ""
        return f"{problem.strerror}{where}" if is_such else ""
    reasons = ("No space left on device", "Read-only file system", "Permission denied")
    return next((reason for reason in reasons if reason in str(problem)), "")
