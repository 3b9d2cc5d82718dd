"""Landlock: rights to files, network and signals that a process gives up for good, whatever else lets it through.

The one layer that is used where the kernel has it (Linux 5.13, each version since with more) instead of being asked
for: all that it forbids is forbidden by another layer as well, save writing to devices, so it holds if one of them has
a hole. A kernel that has it and does not let us use it is an error, as with every other layer.
"""

import os

from grader.sandbox.inside import linux

# struct landlock_ruleset_attr, and since which version of Landlock
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_FILES = (1 << 13) - 1  # with those above: to remove, and to make files of every kind
_FILES_SINCE = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}  # to link or move to another folder, truncate, control a device
_NETWORK_SINCE = {4: 1 << 0 | 1 << 1}  # to bind a TCP socket, and to connect one
_SCOPES_SINCE = {6: 1 << 0 | 1 << 1}  # abstract sockets of others, and signals to them

_READ = _EXECUTE | _READ_FILE | _READ_DIR
_SINKS = ("/dev/null", "/dev/zero", "/dev/full")


def confine(scratch: str) -> None:
    """From now on: read and run what there is, write in `scratch`; no TCP, and no signals but to one's children."""
    version = linux.landlock_version()
    if version == 0:
        return
    files = _FILES | _since(version, _FILES_SINCE)
    ruleset = linux.create_ruleset(files, _since(version, _NETWORK_SINCE), _since(version, _SCOPES_SINCE))
    try:
        linux.allow_beneath(ruleset, "/", _READ)
        linux.allow_beneath(ruleset, scratch, files & ~(_MAKE_CHAR | _MAKE_BLOCK))
        for device in _SINKS:
            linux.allow_beneath(ruleset, device, _READ_FILE | _WRITE_FILE)
        linux.restrict_by(ruleset)
    finally:
        os.close(ruleset)


def _since(version: int, rights: dict[int, int]) -> int:
    """Those of `rights` that this version knows."""
    known = 0
    for first, right in rights.items():
        known |= right if version >= first else 0
    return known
