"""What `/etc/cod/runtime.toml` says: which variables may ask for devices, and where CDI specs lie.

    runtimes = ["runc", "crun"]             # the first that is there is the real runtime
    spec-dirs = ["/etc/cdi", "/var/run/cdi"]

    [environment]                           # variables that may ask for devices; without it, none may
    COD_CLAIM = "cod.dev/claim"             # the kind of names that are not qualified
    NVIDIA_VISIBLE_DEVICES = "nvidia.com/gpu"
    CDI_DEVICES = ""                        # only qualified names

An image can set variables, and so ask for devices by itself; only who starts a container sets annotations.
That is why annotations count always and variables only where this file says so. `runtimes` is read by
`door.sh`, too, and so stands on one line.
"""

from __future__ import annotations

from cod.cdi.names import class_problem, split_kind, vendor_problem
from cod.errors import Refused, Unavailable

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PLACE = "/etc/cod/runtime.toml"
DEFAULT_DIRS = ("/etc/cdi", "/var/run/cdi")

_KEYS = ("runtimes", "spec-dirs", "environment")


class InvalidSettings(Refused):
    """A runtime.toml that does not say what it should, with all that is wrong with it."""


def read_settings(path: str) -> dict[str, Any]:
    """The settings in a file, as plain data; none where there is no file, unless it is not the usual one.

    Raises InvalidSettings or Unavailable.
    """
    import tomllib

    try:
        with open(path, "rb") as file:
            text = file.read().decode()
        data = tomllib.loads(text)
    except FileNotFoundError:
        if path != PLACE:
            hint = "COD_RUNTIME_CONFIG names it, or cod runtime install --settings has"
            raise Unavailable(f"there is no {path}", where=path, hint=hint) from None
        return {}
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {(error.strerror or '').lower()}", where=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidSettings(f"{path} is no TOML: {error}", where=path) from None
    if problems := [*_problems(data, text)]:
        raise InvalidSettings(f"{path} cannot be used", where=path, causes=tuple(problems))
    return data


def spec_dirs(settings: Mapping[str, Any], environ: Mapping[str, str], user: int) -> tuple[str, ...]:
    """The directories of specs, from the lowest precedence to the highest; a user's own come last.

    `user` is who starts containers, outside of all user namespaces. Podman's hooks have no variables: then
    the user's directories are the usual ones.
    """
    named = [each for each in environ.get("COD_SPEC_DIRS", "").split(":") if each]
    if named or "spec-dirs" in settings:
        return tuple(named or settings["spec-dirs"])
    if user == 0:
        return DEFAULT_DIRS
    homes = (
        environ.get("XDG_CONFIG_HOME") or (environ.get("HOME") or _home(user)) + "/.config",
        environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}",
    )
    return DEFAULT_DIRS + tuple([home + "/cdi" for home in homes if home.startswith("/")])


def _home(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_dir
    except KeyError:
        return "/nonexistent"


def _problems(data: dict[str, Any], text: str) -> list[str]:
    found = [f"it has no key {key!r}: there are {', '.join(_KEYS)}" for key in data if key not in _KEYS]
    for key in ("runtimes", "spec-dirs"):
        value = data.get(key, ["/"])
        if not (isinstance(value, list) and value and all(isinstance(each, str) and each for each in value)):
            found.append(f"{key} is no list of names")
        elif key in data and key == "runtimes" and value != _runtimes(text):
            found.append(
                'runtimes is a line of plain names, for a shell to read: runtimes = ["runc", "crun"]'
            )
        elif key == "spec-dirs" and not all(each.startswith("/") for each in value):
            found.append("spec-dirs are paths that begin with /")
    variables = data.get("environment", {})
    if not isinstance(variables, dict):
        return [*found, "environment is no table"]
    for name, kind in variables.items():
        if not isinstance(kind, str):
            found.append(f"environment.{name} is no text")
        elif kind and (problem := _kind_problem(kind)):
            found.append(f"environment.{name}: {problem}")
    return found


def _runtimes(text: str) -> list[str] | None:
    """The real runtimes as `door.sh` finds them."""
    for line in text.split("\n"):
        if line.startswith("["):
            break
        names, is_closed, _ = line.partition("[")[2].partition("]")
        if line.startswith(("runtimes ", "runtimes\t", "runtimes=")) and is_closed:
            return names.translate(dict.fromkeys(map(ord, "\t,\"'"), " ")).split()
    return None


def _kind_problem(kind: str) -> str | None:
    vendor, class_ = split_kind(kind)
    return vendor_problem(vendor) or class_problem(class_)
