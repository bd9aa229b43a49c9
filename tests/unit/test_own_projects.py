"""Which project is in use, what it overrides, and what `audiencekit init` writes and refuses."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from audiencekit.dbt_project import (
    LINK,
    PACKAGE,
    PROJECT,
    link_package,
    own_project,
    project_vars,
    seed_file,
)
from audiencekit.errors import UserError
from audiencekit.init import TEMPLATE, create_project, project_name
from audiencekit.intake.landing_settings import settings_file


@pytest.fixture
def shop(tmp_path):
    return create_project(tmp_path / "my-shop")


def test_the_nearest_project_of_ones_own_is_in_use(shop, tmp_path):
    assert own_project(shop) == shop
    assert own_project(shop / "models" / "segments" / "rules") == shop
    assert own_project(tmp_path) is None


def test_audiencekits_project_and_others_are_no_own_projects(shop):
    assert own_project(PROJECT / "models") is None
    settings = shop / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("profile: audiencekit", "profile: finance"))
    assert own_project(shop / "models") is None


def test_settings_are_ours_with_those_of_the_own_project_instead(shop):
    settings = shop / "dbt_project.yml"
    settings.write_text(
        settings.read_text().replace("currency: USD", "currency: EUR\n  my_shop: {days: 3}")
    )
    given = project_vars(shop)
    assert given["currency"] == "EUR" and given["key_salt"] == "my-shop"
    assert given["campaign_window_days"] == project_vars(None)["campaign_window_days"]
    assert "my_shop" not in given
    assert project_vars(None)["currency"] == "USD"


def test_a_broken_dbt_project_is_named_with_its_line(shop):
    with (shop / "dbt_project.yml").open("a") as settings:
        settings.write("vars: [\n")
    with pytest.raises(UserError, match=r"dbt_project.yml, line \d+: this is no YAML"):
        project_vars(shop)


def test_a_seed_of_the_own_project_takes_the_place_of_ours(shop):
    assert seed_file("country_names", shop) == PROJECT / "seeds" / "country_names.csv"
    (shop / "seeds" / "places").mkdir(parents=True)
    mine = shop / "seeds" / "places" / "country_names.csv"
    mine.write_text("written_name,iso_code\n")
    assert seed_file("country_names", shop) == mine


def test_the_landing_yml_of_a_landing_folder_comes_before_that_of_the_project(shop, tmp_path):
    assert settings_file(tmp_path, shop) == shop / "landing.yml"
    (tmp_path / "landing.yml").write_text("currency: EUR\n")
    assert settings_file(tmp_path, shop) == tmp_path / "landing.yml"
    assert settings_file(tmp_path / "nowhere", None) == tmp_path / "nowhere" / "landing.yml"


def test_the_link_follows_the_installed_package(shop, tmp_path):
    assert (shop / PACKAGE).resolve() == PROJECT
    (shop / LINK).unlink()
    (shop / LINK).symlink_to(tmp_path / "another-environment")
    link_package(shop)
    assert (shop / PACKAGE).resolve() == (shop / LINK).resolve() == PROJECT


def test_what_dbt_deps_linked_stays_and_a_copy_is_refused(shop):
    (shop / PACKAGE).unlink()
    (shop / PACKAGE).symlink_to(shop / LINK)
    link_package(shop)
    assert (shop / PACKAGE).readlink() == shop / LINK
    (shop / PACKAGE).unlink()
    (shop / PACKAGE).mkdir()
    with pytest.raises(UserError, match="is in the way of the link"):
        link_package(shop)


@pytest.mark.parametrize("name", ["my shop", "1shop", "audiencekit", "my.shop", "Ümläut"])
def test_a_name_that_dbt_does_not_take_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="cannot be the name of a project"):
        create_project(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_the_folder_must_be_empty_and_writable(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "file").touch()
    with pytest.raises(UserError, match="is not an empty folder"):
        create_project(tmp_path / "shop")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is not an empty folder"):
        create_project(tmp_path / "file")
    with pytest.raises(UserError, match="Not a directory"):
        create_project(tmp_path / "file" / "shop")


def test_names_and_version_are_filled_in(tmp_path):
    shop = create_project(tmp_path / "Corner-Store")
    texts = [
        p.read_text() for p in shop.rglob("*") if p.is_file() and PACKAGE.parts[0] not in p.parts
    ]
    assert not re.search("my-shop|my_shop|0\\.0\\.0", "\n".join(texts))
    settings = yaml.safe_load((shop / "dbt_project.yml").read_text())
    assert settings["name"] == project_name("Corner-Store") == "corner_store"
    assert list(settings["models"]) == list(settings["seeds"]) == ["corner_store"]
    assert (shop / ".github" / "workflows" / "ci.yml").is_file()


def test_the_template_sets_only_what_audiencekit_knows_and_explains_itself_in_ten_lines():
    given = yaml.safe_load((TEMPLATE / "dbt_project.yml").read_text())["vars"]
    assert given.keys() <= project_vars(None).keys()
    assert len((TEMPLATE / "README.md").read_text().splitlines()) <= 10
    ours = yaml.safe_load((PROJECT / "profiles.yml").read_text())
    assert yaml.safe_load((TEMPLATE / "profiles.yml").read_text()) == ours


def test_git_keeps_no_link_and_no_data_of_a_new_project(shop):
    if not shutil.which("git"):
        pytest.skip("there is no git")
    (shop / "landing").mkdir()
    (shop / "landing" / "orders.csv").touch()
    subprocess.run(["git", "init", "-q"], cwd=shop, check=True)
    shown = ["git", "status", "--porcelain", "--untracked-files=all"]
    listed = subprocess.run(shown, cwd=shop, check=True, capture_output=True, text=True).stdout
    assert "sample/orders.csv" in listed and "packages.yml" in listed
    assert not re.search(r"\.audiencekit|dbt_packages|landing/", listed)


def test_without_a_landing_the_command_says_what_is_missing(shop):
    settings = shop / "dbt_project.yml"
    run = [sys.executable, "-m", "audiencekit.cli", "run"]
    environment = {k: v for k, v in os.environ.items() if k != "AUDIENCEKIT_HOME"}
    done = subprocess.run(run, cwd=shop, env=environment, capture_output=True, text=True)
    assert f"{shop / 'landing'} is not a folder" in done.stderr
    settings.write_text(settings.read_text().replace("landing: landing", "landing: null"))
    done = subprocess.run(run, cwd=shop, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Missing argument 'LANDING'" in done.stderr
