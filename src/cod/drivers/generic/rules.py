"""Rules by which plain device nodes become devices: groups, the built-in ones and the shape of a user's.

A rules file (`/etc/cod/devices.yaml`) has groups of the same shape; `cod.drivers.generic.rules_file` reads
it. The built-in ones are values, since to import YAML takes 18 ms. What gives a container power over the
whole machine is not among them: watchdogs, `/dev/mem`, `/dev/uinput`, raw disks.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

MOST_DEVICES = 1024  # of a group


class _Rule(Struct, frozen=True, omit_defaults=True):
    pass


class Member(_Rule, frozen=True):
    """Nodes of a device: those that match `path`.

    In it, `{1}` is what the first wildcard of the group's path stood for. `permissions` are the group's where
    it has none of its own. `mount` is where the container sees the node, if elsewhere than on the host; it
    ends in `/` where the node keeps its name. `sysfs` are patterns that files of the node's directory in
    sysfs must match.
    """

    path: str
    permissions: str = ""
    mount: str = ""
    optional: bool = False
    sysfs: dict[str, str] = {}


class Usb(_Rule, frozen=True):
    """USB devices: four hexadecimal digits each of the maker and the product, and the serial number."""

    vendor: str = ""
    product: str = ""
    serial: str = ""


class Group(_Rule, frozen=True):
    """A class of devices.

    With `paths`, each node that matches one of them is a device; those with the same parent in sysfs are one
    with `join` = "parent", and all of them with "all". `with_` is what each device has besides. With `usb`
    alone, each such USB device is a device; with both, only nodes of such a USB device count.

    There are `count` devices over the same nodes. A `shared` device may be given to several claims at a time,
    to at most so many where it is a number. `origin` is the file and line that it comes from.
    """

    name: str
    paths: tuple[Member, ...] = ()
    usb: tuple[Usb, ...] = ()
    join: Literal["", "parent", "all"] = ""
    with_: tuple[Member, ...] = field(default=(), name="with")
    permissions: str = "rw"
    count: int = 1
    shared: bool | int = False
    origin: str = ""


def _paths(*patterns: str) -> tuple[Member, ...]:
    return tuple(map(Member, patterns))


def _optional(*patterns: str) -> tuple[Member, ...]:
    return tuple(Member(each, optional=True) for each in patterns)


# A serial port of a board whose UART is not there has a node all the same; its type is 0, unknown.
_UARTS = tuple(
    Member(f"/dev/tty{each}*", sysfs={"type": "[!0]*"}) for each in ("S", "AMA", "HS", "THS", "mxc", "O")
)

BUILT_IN: tuple[Group, ...] = (
    # virtual machines and networks
    Group("kvm", _paths("/dev/kvm"), shared=True),
    Group("fuse", _paths("/dev/fuse"), shared=True),
    Group("tun", _paths("/dev/net/tun"), shared=True),
    Group("vhost-net", _paths("/dev/vhost-net"), shared=True),
    Group("vhost-vsock", _paths("/dev/vhost-vsock"), shared=True),
    Group("vsock", _paths("/dev/vsock"), shared=True),
    Group("loop-control", _paths("/dev/loop-control"), shared=True),
    # processors and security
    Group("hwrng", _paths("/dev/hwrng"), permissions="r", shared=True),
    Group("cpuid", _paths("/dev/cpu/*/cpuid"), permissions="r", shared=True),
    Group("tpm", _paths("/dev/tpmrm*"), shared=True),
    Group("tpm-raw", _paths("/dev/tpm0")),
    Group("sgx", _paths("/dev/sgx_enclave"), shared=True),
    Group("sgx-provision", _paths("/dev/sgx_provision"), shared=True),
    # cameras and sound
    Group(
        "video",
        _paths("/dev/video*"),
        join="parent",
        with_=_optional("/dev/media*", "/dev/v4l-subdev*"),
    ),
    Group(
        "sound",
        _paths("/dev/snd/controlC*"),
        with_=_optional(
            "/dev/snd/pcmC{1}D*",
            "/dev/snd/midiC{1}D*",
            "/dev/snd/comprC{1}D*",
            "/dev/snd/hwC{1}D*",
            "/dev/snd/seq",
            "/dev/snd/timer",
        ),
    ),
    # buses and sensors
    Group("serial", (*_paths("/dev/ttyUSB*", "/dev/ttyACM*"), *_UARTS)),
    Group("i2c", _paths("/dev/i2c-*")),
    Group("spi", _paths("/dev/spidev*")),
    Group("gpio", _paths("/dev/gpiochip*")),
    Group("iio", _paths("/dev/iio:device*")),
    Group("usb", usb=(Usb(),)),
)
