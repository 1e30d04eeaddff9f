"""What went wrong, told where engines look: in the file that `--log` names, and on stderr."""

from __future__ import annotations

from cod.errors import CodError

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from cod.oci.arguments import Call


_LONGEST = 8000
_PIDFD_GETFD = 438  # on every processor but Alpha


def text_of(error: Exception) -> str:
    """An error in one line, of which engines keep each, and so not a longer one than people read."""
    text = _text_of(error)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _text_of(error: Exception) -> str:
    if not isinstance(error, CodError):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown place"
        return f"a bug in cod-runtime: {type(error).__name__}: {error} ({place}); please report this"
    text = error.what
    if error.where and error.where not in text:
        text += f" ({error.where})"
    text = "; ".join([text, *error.causes])
    return f"{text}; try: {error.hint}" if error.hint else text


def tell(text: str, call: Call | None, *, is_hook: bool = False) -> None:
    """Tell what went wrong as runtimes do: engines show the last error of the log, people see stderr.

    What a hook says on stderr Podman drops; so it is told where Podman itself speaks, too.
    """
    import posix
    import time

    line = f"cod-runtime: {_printable(text)}\n".encode("utf-8", "replace")
    _write(2, line)
    if is_hook:
        _tell_parent(line)
    if call is None or not call.log:
        return
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    message = f"cod-runtime: {text}"
    if call.log_format == "json":
        from cod.oci.plain_json import encode

        record = encode({"level": "error", "msg": message, "time": now})
    else:
        from cod.cdi.quote import quote

        record = f'time="{now}" level=error msg={quote(message)}'.encode("utf-8", "replace")
    _append(call.log, record + b"\n", posix.O_CREAT)


def _tell_parent(line: bytes) -> None:
    """Tell it on the parent's stderr, on that itself: into a file that is opened anew it would write over us.

    Where the kernel has no `pidfd_getfd` (before 5.6), or forbids it, it is opened anew all the same.
    """
    import posix

    parent = posix.getppid()
    try:
        from ctypes import CDLL

        process = posix.pidfd_open(parent)
        descriptor = CDLL(None).syscall(_PIDFD_GETFD, process, 2, 0)
    except (ImportError, OSError, AttributeError):
        descriptor = -1
    if descriptor < 0:
        _append(f"/proc/{parent}/fd/2", line)
    else:
        _write(descriptor, line)


def _append(path: str, line: bytes, more: int = 0) -> None:
    import posix

    flags = posix.O_WRONLY | posix.O_APPEND | posix.O_CLOEXEC | posix.O_NONBLOCK | posix.O_NOCTTY | more
    try:
        descriptor = posix.open(path, flags, 0o644)
    except (OSError, ValueError):
        return  # stderr has it
    _write(descriptor, line)
    posix.close(descriptor)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _write(descriptor: int, data: bytes) -> None:
    import posix

    try:
        posix.write(descriptor, data)
    except OSError:
        return  # a stderr that is closed takes nothing
