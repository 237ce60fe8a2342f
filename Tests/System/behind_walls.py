"""A hostile process behind the kernel's walls: binds itself as a worker is bound, by the very functions, and tries what
it may not. Prints a line for what it could do that it must not, and one at the end.

Arguments: the library of Sources/CSandbox, the newest version of Landlock to use, the folder of the test.
"""

import ctypes
import errno
import os
import resource
import signal
import socket
import sys

library, version, folder = ctypes.CDLL(sys.argv[1], use_errno=True), int(sys.argv[2]), sys.argv[3]
libc = ctypes.CDLL(None, use_errno=True)
parent = os.getppid()
# Opened before the walls: what is resolved by name then is not what is tried.
import fcntl  # noqa: E402, F401
import subprocess  # noqa: E402
import threading  # noqa: E402


def paths(*names):
    return (ctypes.c_char_p * (len(names) + 1))(*[name.encode() for name in names], None)


used = library.csandbox_landlock_version(version)
assert threading.active_count() == 1 and library.csandbox_thread_count() == 1
assert used == 0 or library.csandbox_bound_files(used, paths(folder + "/mine/"), paths(folder + "/own/")) == 0
assert library.csandbox_bound_calls() == 0
failures = []


def must_not(name, body, *errors):
    """`body` must raise one of the errors."""
    try:
        found = body()
    except OSError as error:
        if errors and error.errno not in errors:
            failures.append(f"{name}: {error}")
        return
    except (ValueError, subprocess.SubprocessError):
        return
    failures.append(f"{name} worked: {found!r}")


def call(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def read(path):
    with open(path, "rb") as file:
        return file.read(64)


def write(path):
    with open(path, "wb") as file:
        file.write(b"x")


denied = (errno.EACCES, errno.EPERM)
# Files, where the kernel has Landlock.
assert read(folder + "/mine/a.csv") == b"1,MINE\n"
write(folder + "/own/b")
os.rename(folder + "/own/b", folder + "/own/c")
os.mkdir(folder + "/own/d")
if used:
    must_not("another's file", lambda: read(folder + "/theirs/a.csv"), *denied)
    must_not("a file by its way up", lambda: read(folder + "/mine/../theirs/a.csv"), *denied)
    must_not("a file by a link", lambda: read(folder + "/mine/link"), *denied)
    must_not("a folder's names", lambda: os.listdir(folder + "/theirs"), *denied)
    must_not("the host's accounts", lambda: read("/etc/passwd"), *denied)
    must_not("the parent's environment", lambda: read(f"/proc/{parent}/environ"), *denied)
    must_not("the parent's memory", lambda: read(f"/proc/{parent}/mem"), *denied)
    must_not("a file that is read", lambda: write(folder + "/mine/a.csv"), *denied)
    must_not("a new file among those that are read", lambda: write(folder + "/mine/new"), *denied)
    must_not("a removal", lambda: os.unlink(folder + "/mine/a.csv"), *denied)
    must_not("a move out", lambda: os.rename(folder + "/own/c", folder + "/theirs/c"), *denied, errno.EXDEV)
    must_not("a move in", lambda: os.rename(folder + "/theirs/a.csv", folder + "/own/x"), *denied, errno.EXDEV)
    # The test makes the folder anew under its name.
    os.write(3, b"1")
    os.read(4, 1)
    must_not("a folder made anew under an allowed name", lambda: read(folder + "/mine/a.csv"), *denied)
    if used >= 3:
        must_not("a cut", lambda: os.truncate(folder + "/theirs/a.csv", 0), *denied)
must_not("a link", lambda: os.symlink("/etc/passwd", folder + "/own/s"), *denied)
must_not("a hard link", lambda: os.link(folder + "/own/c", folder + "/own/h"), *denied)
must_not("a fifo", lambda: os.mkfifo(folder + "/own/f"), *denied)
must_not("a device", lambda: os.mknod(folder + "/own/n", 0o20666, os.makedev(1, 3)), *denied)
must_not("another mode", lambda: os.chmod(folder + "/own/c", 0o777), *denied)
must_not("another owner", lambda: os.chown(folder + "/own/c", 1, 1), *denied)
must_not("another time", lambda: os.utime(folder + "/own/c", (1, 1)), *denied)
must_not("an attribute", lambda: os.setxattr(folder + "/own/c", "user.x", b"y"), *denied)
# Peers.
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
    must_not(f"a socket of {family}", lambda: socket.socket(family, socket.SOCK_DGRAM), *denied)
must_not("a pair of sockets", socket.socketpair, *denied)
# Programs and processes.
must_not("a program", lambda: os.execv("/bin/true", ["true"]), *denied)
must_not("a fork", os.fork, *denied)
must_not("a program by another way", lambda: subprocess.run(["/bin/true"]), *denied)
for number in (signal.SIGKILL, signal.SIGSTOP, 0):
    must_not(f"signal {number}", lambda: os.kill(parent, number), *denied)
    must_not(f"signal {number} to a group", lambda: os.killpg(os.getpgid(0), number), *denied)
must_not("a signal to a thread", lambda: call(200, parent, 0), *denied)
must_not("a signal to another's thread", lambda: call(234, parent, parent, 0), *denied)
must_not("others' limits", lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE), *denied)
must_not("tracing", lambda: call(101, 16, parent, 0, 0), *denied)
must_not("others' memory", lambda: call(310, parent, 0, 0, 0, 0, 0), *denied)
must_not("writing others' memory", lambda: call(311, parent, 0, 0, 0, 0, 0), *denied)
must_not("a process's descriptor", lambda: call(434, parent, 0), *denied)
must_not("others' processors", lambda: os.sched_setaffinity(parent, {0}), *denied)
must_not("others' turn", lambda: os.setpriority(os.PRIO_PROCESS, parent, 19), *denied)
must_not("io_uring", lambda: call(425, 1, 0), *denied)
must_not("namespaces", lambda: call(272, 0x10000000), *denied)
must_not("bpf", lambda: call(321, 0, 0, 0), *denied)
must_not("faults of memory", lambda: call(323, 0), *denied)
must_not("a mount", lambda: call(165, 0, 0, 0, 0, 0), *denied)
must_not("a program of the kernel", lambda: call(298, 0, 0, -1, -1, 0), *denied)
must_not("keys", lambda: call(250, 0, 0), *denied)
# The calls that an engine needs.
threads = [threading.Thread(target=lambda: None) for _ in range(4)]
for thread in threads:
    thread.start()
    thread.join()
resource.prlimit(0, resource.RLIMIT_NOFILE)
os.kill(os.getpid(), 0)
for failure in failures:
    print(failure)
print(f"tried with version {used}")
