// System calls that Swift cannot make: processes that are started and forked, descriptors that pass between them, and
// the kernel's walls around one (Landlock and seccomp).
#ifndef CSANDBOX_H
#define CSANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The descriptor that a started program finds its socket at.
#define CSANDBOX_SOCKET 3

// Starts a program in a process group of its own, with `socket` as its only descriptor beside the standard ones, which
// lead nowhere. Returns 0, or an error's number.
int csandbox_spawn(const char *path, char *const arguments[], int socket, int32_t *process);

// A pair of connected sockets that are closed by exec; `is_packets`: messages keep their bounds. Returns 0, or an
// error's number.
int csandbox_pair(bool is_packets, int *one, int *other);

// Sends a message, with a descriptor unless that is negative. Returns false where nobody takes it.
bool csandbox_send(int socket, const void *bytes, size_t count, int descriptor);

// Waits for a message and the descriptor that comes with it, or -1. Returns its length, 0 at the end, -1 for an error.
long csandbox_receive(int socket, void *bytes, size_t room, int *descriptor);

// A copy of this process, which must have one thread: 0 in it, its number in this one, -1 for an error.
int32_t csandbox_fork(void);

// Gives memory that is free back to the kernel: a copy of this process begins with as much as it has.
void csandbox_trim_memory(void);

// Threads of this process.
int csandbox_thread_count(void);

// For a process that starts others: its own group, deaf to INT, TERM, HUP and PIPE, children's ends as a descriptor.
// Returns that, or -1.
int csandbox_become_parent(void);

// For a forked process, before anything else: it dies with its parent, is the first to go where memory ends, leaves no
// core behind and cannot be traced.
void csandbox_become_child(void);

// A child that has ended, or 0: its number, with the signal that ended it or 0, and its exit code.
int32_t csandbox_next_ended(int *signal, int *code);

// Bytes of data that this process may hold; it can be lowered and raised up to the first value.
bool csandbox_limit_data(uint64_t bytes);
bool csandbox_limit_descriptors(uint64_t count);

// The version of Landlock that the kernel has, 0 for none. `highest` masks newer ones.
int csandbox_landlock_version(int highest);

// Bounds this thread, and those that it starts, to files that are read and folders that are written to; whatever
// follows them below a folder is included. Lists end with NULL. No network, no signals to others, no exec. Returns 0,
// or an error's number; ENOSYS where the kernel has no Landlock.
int csandbox_bound_files(int version, const char *const *readable, const char *const *writable);

// Forbids the calls that an engine never needs (EPERM). Returns 0, or an error's number.
int csandbox_bound_calls(void);

#endif
