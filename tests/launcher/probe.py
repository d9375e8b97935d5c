#!/usr/bin/env python3
"""Finds out without dioshim what `dioshim --probe` has to print.

  probe.py agrees PATH [try]   checks the JSON of --probe PATH, on standard input
  probe.py statx FIELDS        prints a struct statx with these fields (NAME=VALUE,...) in
                               hexadecimal, for strace's poke_exit

Alignments come from statx(2), called through ctypes; sectors from blockdev(8); results from plain
preads and pwrites on new files.
"""

import ctypes
import errno
import json
import mmap
import os
import stat
import subprocess
import sys
import tempfile

SYS_STATX = {"x86_64": 332, "aarch64": 291}[os.uname().machine]
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
# include/uapi/linux/stat.h: offset and size
FIELDS = {
    "mask": (0x00, 4), "blksize": (0x04, 4), "mode": (0x1c, 2), "dev_major": (0x88, 4),
    "dev_minor": (0x8c, 4), "mem_align": (0x98, 4), "offset_align": (0x9c, 4),
    "atomic_min": (0xa8, 4), "atomic_max": (0xac, 4), "atomic_segments": (0xb0, 4),
    "read_offset_align": (0xb4, 4),
}
MASKS = {
    "mem_align": 0x2000, "offset_align": 0x2000, "atomic_min": 0x10000, "atomic_max": 0x10000,
    "atomic_segments": 0x10000, "read_offset_align": 0x20000,
}
SPAN = 65536

libc = ctypes.CDLL(None, use_errno=True)


def statx(fd):
    buffer = ctypes.create_string_buffer(256)
    if libc.syscall(SYS_STATX, fd, b"", AT_EMPTY_PATH, 0x337ff, buffer):
        raise OSError(ctypes.get_errno(), "statx")
    return {name: int.from_bytes(buffer.raw[at:at + size], sys.byteorder)
            for name, (at, size) in FIELDS.items()}


def alignments(path):
    """Returns those of a block device or an existing file; for a directory, of a new file in it."""
    if os.path.isdir(path):
        fd = os.open(path, os.O_TMPFILE | os.O_RDWR, 0o600)
    else:
        fd = os.open(path, os.O_RDONLY)
    found = statx(fd)
    os.close(fd)
    told = {name: found[name] if found["mask"] & mask else None for name, mask in MASKS.items()}
    told["read_offset_align"] = told["read_offset_align"] or None
    return told


def attempt(call):
    try:
        call()
    except OSError as e:
        return errno.errorcode[e.errno]
    return "taken"


def attempts(path):
    """Makes an aligned call, one with a misaligned address, one with a misaligned offset and length."""
    memory = mmap.mmap(-1, 2 * SPAN)
    view = memoryview(memory)
    device = stat.S_ISBLK(os.stat(path).st_mode)
    if device:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
        move = os.preadv
    else:
        directory = path if os.path.isdir(path) else os.path.dirname(path)
        fd, name = tempfile.mkstemp(dir=directory)
        os.unlink(name)
        os.pwrite(fd, bytes(2 * SPAN), 0)
        direct = os.open(f"/proc/self/fd/{fd}", os.O_RDWR | os.O_DIRECT)
        os.close(fd)
        fd = direct
        move = os.pwritev
    found = {
        "aligned": attempt(lambda: move(fd, [view[:SPAN]], 0)),
        "misaligned_address": attempt(lambda: move(fd, [view[1:SPAN + 1]], 0)),
        "misaligned_offset": attempt(lambda: move(fd, [view[:SPAN - 2]], 1)),
    }
    os.close(fd)
    return found


def blockdev(option, device):
    return int(subprocess.check_output(["blockdev", option, device]))


def sectors(path):
    """Returns those of the device that findmnt(8) names; None on tmpfs."""
    if not stat.S_ISBLK(os.stat(path).st_mode):
        path = subprocess.check_output(["findmnt", "-nvo", "SOURCE", "-T", path], text=True).strip()
    if not path.startswith("/dev/"):
        return {"sector": None, "physical_sector": None}
    return {"sector": blockdev("--getss", path), "physical_sector": blockdev("--getpbsz", path)}


def file_system(path):
    st = os.stat(path)
    if stat.S_ISBLK(st.st_mode):
        return {"filesystem": None, "block": None, "block_device": True}
    kind = subprocess.check_output(["findmnt", "-no", "FSTYPE", "-T", path], text=True).strip()
    return {"filesystem": kind, "block": st.st_blksize, "block_device": False}


def agrees(path, tried):
    (said,) = json.load(sys.stdin)["probe"]
    want = {"path": path, **alignments(path), **sectors(path), **file_system(path)}
    keys = ("aligned", "misaligned_address", "misaligned_offset")
    want.update(attempts(path) if tried else dict.fromkeys(keys))
    want["tried"] = None if not tried else "read" if want["block_device"] else "write"
    bad = 0
    for key, value in want.items():
        found = said[key]
        if value == "taken" and found in ("direct", "buffered", "mixed"):
            found = "taken"
        if found != value or isinstance(found, bool) != isinstance(value, bool):
            print(f"{path}: {key}: dioshim prints {said[key]!r}, not {value!r}", file=sys.stderr)
            bad = 1
    return bad


def poke(fields):
    buffer = bytearray(256)
    for field in fields.split(","):
        name, value = field.split("=")
        at, size = FIELDS[name]
        buffer[at:at + size] = int(value, 0).to_bytes(size, sys.byteorder)
    print(buffer.hex())
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "agrees":
        sys.exit(agrees(sys.argv[2], len(sys.argv) > 3))
    sys.exit(poke(sys.argv[2]))
