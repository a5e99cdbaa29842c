import subprocess

from grader.isolation.fonts import copy_fonts


def test_fonts_are_searched_once_and_copied(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copy_fonts(tmp_path / "one")
    monkeypatch.setattr(subprocess, "run", None)
    copy_fonts(tmp_path / "two")
    assert [path.name for path in (tmp_path / "one").iterdir()] == [path.name for path in (tmp_path / "two").iterdir()]
    assert list((tmp_path / "two").glob("fontlist-*.json"))


def test_cache_that_can_not_be_kept_leaves_the_folder_empty(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copy_fonts(tmp_path / "one")
    assert list((tmp_path / "one").iterdir()) == []
