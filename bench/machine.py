"""A description of the machine, without which the numbers mean nothing."""

import datetime
import os
import platform
import subprocess


def _first_line(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""


def _field(path, name):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return ""


def _mount(directory):
    """Mount point, type, source and options of the file system that has the directory."""
    path = os.path.realpath(directory)
    best = ("", "", "", "")
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            source, point, kind, options, *_ = line.split()
            above = point.rstrip("/") + "/"
            if (path + "/").startswith(above) and len(point) >= len(best[0]):
                best = (point, kind, source, options)
    return best


def _device(directory):
    """What sysfs says of the block device, if there is one."""
    number = os.stat(directory).st_dev
    base = f"/sys/dev/block/{os.major(number)}:{os.minor(number)}"
    if not os.path.exists(base):
        return {}
    queue = base + "/queue" if os.path.exists(base + "/queue") else base + "/../queue"
    facts = {"name": os.path.basename(os.path.realpath(base))}
    for name in ("logical_block_size", "physical_block_size", "scheduler", "write_cache",
                 "max_sectors_kb", "max_segments", "rotational"):
        facts[name] = _first_line(f"{queue}/{name}")
    return facts


def _commit(source):
    def git(*arguments):
        return subprocess.run(["git", "-C", source, *arguments], capture_output=True, text=True,
                              check=True).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _huge_pages():
    base = "/sys/kernel/mm/transparent_hugepage/"
    return {name: _first_line(base + name) for name in ("enabled", "defrag")}


def describe(directory, source):
    point, kind, device, options = _mount(directory)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": _commit(source),
        "kernel": platform.release(),
        "cpu": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "hypervisor": _field("/proc/cpuinfo", "flags").find("hypervisor") >= 0,
        "huge_pages": _huge_pages(),
        "file_system": {"type": kind, "device": device, "mounted_on": point, "options": options},
        "device": _device(directory),
        "libc": " ".join(platform.libc_ver()),
        "load": os.getloadavg()[0],
        "settings": {k: v for k, v in os.environ.items() if k.startswith("DIOSHIM_")},
    }


def lines(facts):
    disk, fs, huge = facts["device"], facts["file_system"], facts["huge_pages"]
    guest = ", virtual" if facts["hypervisor"] else ""
    yield f"{facts['date']}, commit {facts['commit']}, Linux {facts['kernel']}, {facts['libc']}"
    yield f"{facts['cpu']}, {facts['cpus']} CPUs{guest}, {facts['memory']}"
    yield f"{fs['type']} on {fs['device']}, {fs['options']}"
    if disk:
        yield "disk " + ", ".join(f"{k} {v}" for k, v in disk.items() if v)
    yield f"huge pages: enabled {huge['enabled']}, defrag {huge['defrag']}"
    if facts["settings"]:
        yield "settings: " + " ".join(f"{k}={v}" for k, v in facts["settings"].items())
