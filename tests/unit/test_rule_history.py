"""How a rule changed and who agreed to it, read from git."""

import re
import subprocess

import pytest

from audiencekit import git_history as governance
from audiencekit.errors import UserError
from audiencekit.pages.playbooks import write_playbooks
from audiencekit.workspace import Workspace


def test_before_anything_is_published_it_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match=r"Nothing is published yet\. Run `make demo`"):
        write_playbooks(Workspace(tmp_path))


# --- What git knows -------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """An empty git repository in place of the project's."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(governance, "PROJECT_IN_USE", tmp_path / "project")
    (tmp_path / "project").mkdir()
    repository = Repository(tmp_path / "project")
    repository.git("init", "-q", "-b", "main")
    return repository


class Repository:
    def __init__(self, folder):
        self.folder, self.rules = folder, folder / governance.RULES

    def git(self, *arguments: str, author: str = "analyst") -> None:
        who = ("-c", f"user.name={author}", "-c", f"user.email={author}@example.org")
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True)

    def commit(self, author: str, message: str, **files: str) -> None:
        """Write `files` (name__suffix) and commit everything as `author`."""
        self.rules.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (self.rules / name.replace("__", ".")).write_text(text)
        self.git("add", "-A", author=author)
        self.git("commit", "-q", "-m", message, author=author)


def test_changes_of_a_rule_are_listed_with_who_agreed(repository):
    commit = repository.commit
    commit("analyst", "Two rules", seg_one__sql="a", seg_one__yml="x", seg_two__sql="b")
    commit(
        "analyst",
        "Sharper\n\nReviewed-by: owner <owner@example.org>\nApproved-by: legal <l@example.org>\n"
        "Reviewed-by: analyst <analyst@example.org>",
        seg_one__sql="c",
    )
    commit("marketer", "Another offer", seg_one__yml="y")
    changes = governance.changes_by_segment()
    assert [(c.author, c.subject, c.approved_by) for c in changes["one"]] == [
        ("marketer", "Another offer", ()),
        ("analyst", "Sharper", ("legal", "owner")),
        ("analyst", "Two rules", ()),
    ]
    assert [c.subject for c in changes["two"]] == ["Two rules"]
    assert all(re.fullmatch(r"[0-9a-f]{9}", c.commit) for c in changes["one"])
    assert governance.project_commit()[-1] != "+"
    (repository.rules / "seg_two.sql").write_text("changed")
    changes = governance.changes_by_segment()
    assert [c.subject for c in changes["two"]] == ["not committed yet", "Two rules"]
    assert governance.project_commit().endswith("+")


def test_a_renamed_rule_keeps_its_changes(repository):
    repository.commit("analyst", "A rule", seg_old__sql="select 1\n" * 20)
    repository.commit("marketer", "Another bound", seg_old__sql="select 1\n" * 19 + "select 2\n")
    repository.git("mv", f"{governance.RULES}/seg_old.sql", f"{governance.RULES}/seg_new.sql")
    repository.commit("analyst", "A better name")
    changes = governance.changes_by_segment()
    assert set(changes) == {"new"}
    assert [c.subject for c in changes["new"]] == ["A better name", "Another bound", "A rule"]


def test_who_agreed_to_a_merge_agreed_to_what_it_brought(repository):
    repository.commit("analyst", "A rule", seg_one__sql="a")
    repository.git("checkout", "-q", "-b", "topic")
    repository.commit("analyst", "Sharper", seg_one__sql="b")
    repository.git("checkout", "-q", "main")
    message = "Merge topic\n\nApproved-by: owner <owner@example.org>"
    repository.git("merge", "-q", "--no-ff", "-m", message, "topic", author="merger")
    changes = governance.changes_by_segment()["one"]
    assert [(c.subject, c.approved_by) for c in changes] == [
        ("Sharper", ("owner",)),
        ("A rule", ()),
    ]


def test_where_history_is_cut_no_change_is_listed(repository, tmp_path, monkeypatch):
    repository.commit("analyst", "A rule", seg_one__sql="a")
    repository.commit("marketer", "Another", seg_two__sql="a")
    repository.git("clone", "-q", "--depth", "1", repository.folder.as_uri(), str(tmp_path / "cut"))
    assert not governance.is_history_cut()
    monkeypatch.setattr(governance, "PROJECT_IN_USE", tmp_path / "cut")
    assert governance.is_history_cut()
    assert governance.changes_by_segment() == {}


def test_outside_git_no_change_is_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(governance, "PROJECT_IN_USE", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert governance.changes_by_segment() == {}
    assert governance.project_commit() == ""
