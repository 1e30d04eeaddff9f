from __future__ import annotations

import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.errors import Misuse
from cod.oci.arguments import read_arguments
from tests.oci.front import Front
from tests.test_pages import REPOSITORY

# How engines call a runtime, as recorded: the words, the verb, the bundle.
CALLS = [
    ("--root R --log B/log.json --log-format json create --bundle B --pid-file P ID", "create", "B"),
    ("--root R --log L --log-format json --systemd-cgroup create --bundle B --pid-file P ID", "create", "B"),
    ("--root=R create --bundle B --pid-file P ID", "create", "B"),
    ("create --bundle B --pid-file P ID", "create", "B"),
    ("--log-format=json --log=F create --bundle B --pid-file P ID", "create", "B"),
    ("run ID", "run", ""),
    ("run -b B ID", "run", "B"),
    ("run -b=B ID", "run", "B"),
    ("run --bundle=B ID", "run", "B"),
    ("run -bundle B ID", "run", "B"),
    ("run -bundle=B ID", "run", "B"),
    ("run ID --bundle B", "run", "B"),
    ("run -b/abs ID", "run", "/abs"),
    ("run -b ./here ID", "run", "./here"),
    ("run --bundle A --bundle B ID", "run", "B"),
    ("run --pid-file --bundle ID", "run", ""),
    ("run --console-socket -b ID", "run", ""),
    ("run --bundle create ID", "run", "create"),
    ("run -- --bundle B", "run", ""),
    ("--root create run --bundle B ID", "run", "B"),
    ("--root run create --bundle B ID", "create", "B"),
    ("--log create --debug run ID", "run", ""),
    ("-criu create run --bundle B ID", "run", "B"),
    ("-- create --bundle B ID", "create", "B"),
    ("--platform systrap create --bundle B ID", "create", "B"),
    ("--platform=systrap --network=none -ignore-cgroups run -bundle B ID", "run", "B"),
    ("restore --image-path I --bundle B ID", "restore", "B"),
    ("restore --image-path --bundle -b B ID", "restore", "B"),
]
OTHERS = [
    "--version",
    "features",
    "start ID",
    "kill --all ID 9",
    "--root create state ID",
    "--root create kill run 9",
    "--root R --log L --log-format json delete --force create",
    "exec ID create",
    "exec --process p.json ID run",
    "state create",
    "--rootless create list",
    "spec --bundle create",
    "unheard-of create",
    "-- unheard-of create",
    "--root",
    "",
]


@pytest.mark.parametrize(("words", "verb", "bundle"), CALLS)
def test_a_call_is_read_as_the_runtimes_read_it(words: str, verb: str, bundle: str) -> None:
    call = read_arguments(words.split())
    assert (call.verb, call.bundle) == (verb, bundle)


@pytest.mark.parametrize("words", [words for words, _, _ in CALLS])
def test_the_door_hands_what_makes_a_container_to_python(front: Front, words: str) -> None:
    """Where there is no bundle, only Python complains: the program behind the door would take anything."""
    run = front.run(*words.split(), cwd=front.specs)
    assert (run.returncode, run.stdout) == (1, "")
    assert "cod-runtime: " in run.stderr


@pytest.mark.parametrize("words", OTHERS)
def test_everything_else_is_the_real_runtimes_at_once(front: Front, words: str) -> None:
    front.environ["PATH"] += ":/nonexistent"
    run = front.run(*words.split(), environ={"STATUS": "7"}, cwd=front.specs)
    assert (run.stdout.split("\n")[:-1], run.stderr, run.returncode) == (words.split(), "", 7)


def test_words_with_spaces_and_stars_pass_unharmed(front: Front) -> None:
    words = ["state", "a b", "*", "", "'\"", "$(true)", "é\n"]
    assert front.run(*words).stdout == "".join(f"{word}\n" for word in words)


def test_a_log_is_found_before_the_verb() -> None:
    call = read_arguments(["--log", "/l", "--log-format", "json", "--root=/r", "create", "-b", "B", "ID"])
    assert (call.log, call.log_format) == ("/l", "json")
    assert read_arguments(["create", "ID"]).log_format == "text"


def test_a_config_of_cruns_is_found() -> None:
    assert read_arguments(["run", "--config", "/c.json", "-b", "B", "ID"]).config == "/c.json"
    assert read_arguments(["run", "-f", "/c.json", "ID"]).config == "/c.json"
    assert read_arguments(["--config", "/c.json", "run", "ID"]).config == ""


@pytest.mark.parametrize("words", ["run --bundle", "run --bundle= ID", "create -b"])
def test_a_bundle_that_is_not_named_is_an_error(words: str) -> None:
    with pytest.raises(Misuse, match="names no directory"):
        read_arguments(words.split())


@given(
    st.lists(st.sampled_from(["create", "--root", "-b", "--bundle=x", "--", "-", "--log", "", "id", "-b/"]))
)
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    with suppress(Misuse):
        assert read_arguments(words).verb in ("", "create")


# The door up to where it has found the verb.
FINDS = (REPOSITORY / "src/cod/oci/door.sh").read_text().partition("real=\ncase")[0] + 'printf %s "$verb"'
GLOBALS = st.sampled_from(
    [
        "--root",
        "-root",
        "--log",
        "-criu",
        "--rootless",
        "--cgroup-manager",
        "--debug",
        "-x",
        "--platform",
        "--",
    ]
)
WORDS = st.lists(
    GLOBALS
    | st.sampled_from(["create", "run", "restore", "state", "--root=run", "-x=create", "id", "systrap", ""])
)


@given(WORDS)
def test_where_the_door_sees_a_verb_python_sees_the_same(words: list[str]) -> None:
    run = subprocess.run(["sh", "-c", FINDS, "sh", *words], capture_output=True, text=True, check=True)
    if run.stdout:
        assert read_arguments(words).verb == run.stdout
