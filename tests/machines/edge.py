"""An edge machine: cameras, sound, serial ports, USB sticks, i2c, spi, gpio, sensors, a TPM and a disk."""

from __future__ import annotations

from tests.machines.tree import Tree

XHCI = "0000:00:14.0"
AUDIO = "0000:00:1f.3"
SATA = "0000:00:17.0"


def edge(tree: Tree) -> None:
    """All of it: two cameras, three more USB devices, one of them a mounted stick; ttyS0 is the console."""
    tree.files("/sys/devices/system/node", {"online": "0"})
    tree.files("/sys/devices/system/node/node0", {"cpulist": "0-3"})
    tree.files("/sys/devices/system/cpu", {"online": "0-3"})
    usb = tree.pci(XHCI, 0x8086, 0xA0ED, 0x0C0330, driver="xhci_hcd", numa=0) + "/usb1"
    tree.files(usb, {"idVendor": "1d6b", "idProduct": "0002", "bDeviceClass": "09", "devnum": 1})
    tree.link("/sys/bus/usb/devices/usb1", usb)
    camera(tree, usb)
    ftdi(tree, usb)
    arduino(tree, usb)
    stick(tree, usb)
    board_camera(tree)
    sound(tree)
    uarts(tree)
    buses(tree)
    disk(tree)
    for number, (path, minor) in enumerate({"kvm": 232, "fuse": 229, "net/tun": 200, "hwrng": 183}.items()):
        tree.node(f"/dev/{path}", 10, minor, gid=100 + number)
        virtual(tree, "misc", path.rpartition("/")[2], 10, minor)
    for cpu in (0, 1, 2, 3):
        tree.node(f"/dev/cpu/{cpu}/cpuid", 203, cpu)
        virtual(tree, "cpuid", f"cpu{cpu}", 203, cpu)


def device(
    tree: Tree, class_: str, called: str, parent: str, major: int, minor: int, node: str = "", **more: object
) -> str:
    """A device of a class with its node, by number and by a link to its parent, as the kernel has it."""
    path = tree.class_device(class_, called, parent, node=node or called, numbers=(major, minor))
    tree.files(path, more)
    tree.link(f"{path}/device", parent)
    tree.link(f"/sys/dev/char/{major}:{minor}", path)
    return path


def virtual(tree: Tree, class_: str, name: str, major: int, minor: int) -> None:
    """A device that is only software."""
    path = f"/sys/devices/virtual/{class_}/{name}"
    tree.file(f"{path}/dev", f"{major}:{minor}\n")
    tree.link(f"/sys/dev/char/{major}:{minor}", path)


def usb_device(tree: Tree, above: str, port: str, number: int, ids: str, **more: object) -> str:
    """A USB device at a port, such as `1-4.2`, with its node below /dev/bus/usb."""
    path = f"{above}/{port}"
    vendor, _, product = ids.partition(":")
    facts = {"idVendor": vendor, "idProduct": product, "busnum": 1, "devnum": number, "bDeviceClass": "00"}
    tree.files(path, {**facts, **more})
    node = f"bus/usb/001/{number:03d}"
    tree.file(f"{path}/uevent", f"MAJOR=189\nMINOR={number - 1}\nDEVNAME={node}\nDEVTYPE=usb_device\n")
    tree.file(f"{path}/dev", f"189:{number - 1}\n")
    tree.node(f"/dev/{node}", 189, number - 1)
    tree.link(f"/sys/dev/char/189:{number - 1}", path)
    tree.link(f"/sys/bus/usb/devices/{port}", path)
    tree.directory(f"{path}/{port}:1.0")
    tree.link(f"/sys/bus/usb/devices/{port}:1.0", f"{path}/{port}:1.0")
    return path


def camera(tree: Tree, usb: str) -> None:
    """A camera without a serial number: two nodes, one for pictures and one for data, and a media node."""
    path = usb_device(tree, usb, "1-1", 2, "046d:082d", product="HD Pro Webcam C920")
    interface = f"{path}/1-1:1.0"
    for number in (0, 1):
        device(tree, "video4linux", f"video{number}", interface, 81, number, name="HD Pro Webcam C920")
    media(tree, interface, 0)


def media(tree: Tree, parent: str, number: int) -> None:
    """A media controller, which is on a bus and has no link to its parent."""
    tree.file(f"{parent}/media{number}/dev", f"236:{number}\n")
    tree.node(f"/dev/media{number}", 236, number)
    tree.link(f"/sys/dev/char/236:{number}", f"{parent}/media{number}")


def board_camera(tree: Tree) -> None:
    """A camera on the board, as on a Raspberry Pi."""
    parent = "/sys/devices/platform/soc/fe801000.csi"
    device(tree, "video4linux", "video10", parent, 81, 10, name="unicam-image")
    media(tree, parent, 1)


def ftdi(tree: Tree, usb: str) -> None:
    """A serial adapter, behind a hub, with the links that udev makes."""
    hub = f"{usb}/1-4"
    tree.files(hub, {"idVendor": "05e3", "idProduct": "0610", "bDeviceClass": "09", "devnum": 3})
    tree.link("/sys/bus/usb/devices/1-4", hub)
    path = usb_device(tree, hub, "1-4.2", 4, "0403:6001", product="FT232R USB UART", serial="A50285BI")
    device(tree, "tty", "ttyUSB0", f"{path}/1-4.2:1.0/ttyUSB0", 188, 0)
    tree.link("/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0", "../../ttyUSB0")


def arduino(tree: Tree, usb: str) -> None:
    path = usb_device(tree, usb, "1-2", 5, "2341:0043", product="Arduino Uno", serial="7593 3/31*")
    device(tree, "tty", "ttyACM0", f"{path}/1-2:1.0", 166, 0)


def stick(tree: Tree, usb: str) -> None:
    """A USB stick whose partition is mounted."""
    path = usb_device(tree, usb, "1-3", 6, "0781:5567", product="Cruzer", serial="20051535")
    block(tree, f"{path}/1-3:1.0/host0/target0:0:0/0:0:0:0/block/sdb", 8, 16, 1)
    tree.file(
        "/proc/self/mountinfo",
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "23 22 0:21 / /proc rw,nosuid - proc proc rw\n"
        "30 22 8:17 / /media/My\\040Stick rw - vfat /dev/sdb1 rw\n"
        "31 22 0:45 / /data rw - btrfs /dev/sdc rw\n",
    )
    tree.file("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 999 0 -2\n")


def block(tree: Tree, path: str, major: int, minor: int, partitions: int) -> None:
    """A disk and its partitions."""
    name = path.rpartition("/")[2]
    tree.file(f"{path}/dev", f"{major}:{minor}\n")
    tree.directory(f"{path}/holders")
    tree.link(f"/sys/dev/block/{major}:{minor}", path)
    tree.node(f"/dev/{name}", major, minor, kind="b")
    for number in range(1, partitions + 1):
        tree.file(f"{path}/{name}{number}/partition", f"{number}\n")
        tree.directory(f"{path}/{name}{number}/holders")
        tree.link(f"/sys/dev/block/{major}:{minor + number}", f"{path}/{name}{number}")
        tree.node(f"/dev/{name}{number}", major, minor + number, kind="b")


def disk(tree: Tree) -> None:
    """Disks: sda with the system and swap, sdc as btrfs, sdd in a volume group, sde free; two loops."""
    sata = tree.pci(SATA, 0x8086, 0xA0D3, 0x010601, driver="ahci", numa=0)
    for number, name in enumerate("acde"):
        path = f"{sata}/ata{number}/host{number}/target{number}:0:0/{number}:0:0:0/block/sd{name}"
        block(tree, path, 8, 16 * "abcde".index(name), 2 if name in "ad" else 0)
        if name == "d":
            tree.link(f"{path}/sdd1/holders/dm-0", "/sys/devices/virtual/block/dm-0")
    block(tree, "/sys/devices/virtual/block/dm-0", 253, 0, 0)
    block(tree, "/sys/devices/virtual/block/loop0", 7, 0, 0)
    block(tree, "/sys/devices/virtual/block/loop1", 7, 1, 0)
    tree.file("/sys/devices/virtual/block/loop1/loop/backing_file", "/var/image\n")
    generic = f"{sata}/ata0/host0/target0:0:0/0:0:0:0"
    device(tree, "scsi_generic", "sg0", generic, 21, 0)


def sound(tree: Tree) -> None:
    """A sound card on PCI: a control, two PCM nodes, and the nodes that all cards share."""
    parent = tree.pci(AUDIO, 0x8086, 0xA0C8, 0x040380, driver="snd_hda_intel", numa=0)
    card = tree.class_device("sound", "card0", parent, id="PCH")
    for minor, name in enumerate(("controlC0", "pcmC0D0p", "pcmC0D0c", "hwC0D0")):
        device(tree, "sound", name, card, 116, minor, node=f"snd/{name}")
    for minor, name in ((32, "seq"), (33, "timer"), (34, "pcmC10D0p")):
        tree.node(f"/dev/snd/{name}", 116, minor)


def uarts(tree: Tree) -> None:
    """ttyS0 is the console, ttyS1 a free port, ttyS2 and ttyS3 are nodes without hardware."""
    for number, kind in enumerate((4, 4, 0, 0)):
        parent = f"/sys/devices/pnp0/00:0{number}" if kind else "/sys/devices/platform/serial8250"
        device(tree, "tty", f"ttyS{number}", parent, 4, 64 + number, type=kind)
    tree.file("/sys/class/tty/console/active", "ttyS0\n")
    tree.node("/dev/console", 5, 1)
    tree.node("/dev/tty0", 4, 0)


def buses(tree: Tree) -> None:
    """Two i2c adapters, two chips on spi, two gpio chips, a sensor, a TPM."""
    soc = "/sys/devices/platform/soc"
    for number in (1, 10):
        device(tree, "i2c-dev", f"i2c-{number}", f"{soc}/i2c-{number}", 89, number, name=f"adapter {number}")
    for number in (0, 1):
        device(tree, "spidev", f"spidev0.{number}", f"{soc}/spi0/spi0.{number}", 153, number)
        tree.file(f"{soc}/gpio{number}/gpiochip{number}/dev", f"254:{number}\n")
        tree.link(f"/sys/dev/char/254:{number}", f"{soc}/gpio{number}/gpiochip{number}")
        tree.node(f"/dev/gpiochip{number}", 254, number)
    tree.files(f"{soc}/i2c-1/1-0076/iio:device0", {"name": "bme280", "dev": "249:0"})
    tree.link("/sys/dev/char/249:0", f"{soc}/i2c-1/1-0076/iio:device0")
    tree.node("/dev/iio:device0", 249, 0)
    device(tree, "tpm", "tpm0", f"{soc}/tpm", 10, 224, tpm_version_major=2)
    device(tree, "tpmrm", "tpmrm0", f"{soc}/tpm", 251, 65536)
