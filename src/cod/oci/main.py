"""`cod-runtime`, once a container is made: inject what it asks for, and become the real runtime."""

from __future__ import annotations

import posix

from cod.errors import CodError, Unavailable
from cod.oci.arguments import Call, read_arguments

FAILED = 1
"""The status of a runtime that failed, whatever the reason."""

INTERRUPTED = 130

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main(words: Sequence[str]) -> NoReturn:
    """Serve one call: `words` are the settings' path, the real runtime and its arguments."""
    settings, real, *arguments = words
    call = None
    try:
        if not real:
            from cod.oci.hooks import serve

            serve(arguments, settings)
            posix._exit(0)
        call = read_arguments(arguments)
        put_devices(call, settings, real)
        become(real, arguments)
    except KeyboardInterrupt:
        posix._exit(INTERRUPTED)
    except Exception as error:
        from cod.oci.report import tell, text_of

        tell(text_of(error), call or _log_of(arguments), is_hook=not real)
    posix._exit(FAILED)


def put_devices(call: Call, settings: str, real: str) -> None:
    """Write the devices that a bundle's container asks for into its configuration, for the runtime `real`."""
    from cod.oci.bundle import ConfigFile
    from cod.oci.door import Door, read_config
    from cod.oci.plain_json import encode

    with ConfigFile(call.bundle, call.config) as file:
        config = read_config(file.read(), file.path)
        door = Door(environment(), settings)
        names = door.wishes(config)
        if not names:
            return
        changed = door.with_devices(config, names, real)
        if changed != config:
            file.replace(encode(changed))


def become(program: str, arguments: Sequence[str]) -> NoReturn:
    """Be another program from here on, as if Python had not been: its signals and variables end here."""
    import _signal  # type: ignore[import-not-found] # the C half of `signal`

    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)
    environ = dict(posix.environ)
    if environ.get(b"LC_CTYPE") == b"C.UTF-8" and not _had_locale():
        del environ[b"LC_CTYPE"]
    try:
        posix.execve(program, [program, *arguments], environ)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Unavailable(f"the real runtime cannot be started: {reason}", where=program) from None


def environment() -> dict[str, str]:
    """The environment, as text."""
    pairs = posix.environ.items()
    return {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in pairs
    }


def _had_locale() -> bool:
    """Whether the variable LC_CTYPE was there before Python set it for itself (PEP 538)."""
    try:
        descriptor = posix.open("/proc/self/environ", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return True
    try:
        data = b""
        while more := posix.read(descriptor, 1 << 16):
            data += more
    finally:
        posix.close(descriptor)
    return data.startswith(b"LC_CTYPE=") or b"\0LC_CTYPE=" in data


def _log_of(arguments: Sequence[str]) -> Call | None:
    """Where to tell of arguments that could not be read."""
    try:
        return read_arguments([word for word in arguments if not word.startswith(("-b", "--b"))])
    except CodError:
        return None
