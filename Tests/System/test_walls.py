"""The kernel's walls alone: a hostile process that is bound as a worker is, with each version of Landlock."""

import os
import pathlib
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The functions that `loon-engine` binds its workers by."""
    built = tmp_path_factory.mktemp("walls") / "sandbox.so"
    sources = sorted((PROJECT / "Sources/CSandbox").glob("*.c"))
    include = PROJECT / "Sources/CSandbox/include"
    subprocess.run(["clang", "-shared", "-fPIC", f"-I{include}", "-o", built, *sources], check=True)
    return built


@pytest.mark.parametrize("version", [0, 1, 2, 3, 4, 5, 6, 65535])
def test_the_kernel_alone_refuses_what_is_not_the_workers(tmp_path, library, version):
    for name in ("mine", "theirs", "own"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine/a.csv").write_text("1,MINE\n")
    (tmp_path / "theirs/a.csv").write_text("1,THEIRS\n")
    (tmp_path / "mine/link").symlink_to(tmp_path / "theirs/a.csv")
    (told, tells), (hears, answers) = os.pipe(), os.pipe()

    def place():
        moved = [os.dup(tells), os.dup(hears)]
        for target, source in zip((3, 4), moved):
            os.dup2(source, target)

    program = subprocess.Popen(
        [sys.executable, HERE / "behind_walls.py", library, str(version), tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=place,
        close_fds=False,
    )
    os.close(tells)
    if os.read(told, 1):
        (tmp_path / "mine").rename(tmp_path / "old")
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine/a.csv").write_text("2,THEIRS\n")
    os.write(answers, b"1")
    lines = program.communicate(timeout=60)[0].splitlines()
    for end in (told, hears, answers):
        os.close(end)
    assert lines[:-1] == [] and lines[-1].startswith("tried with version"), lines
    assert (tmp_path / "theirs/a.csv").read_text() == "1,THEIRS\n"
