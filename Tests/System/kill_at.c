// Ends the process by SIGKILL at the n-th call that changes what is on the disk, for LD_PRELOAD. Counts from the moment that the file KILL_AT_FILE exists; its text is n.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic long calls;
static _Atomic long limit;

static void step(void) {
    if (limit == 0) {
        const char *path = getenv("KILL_AT_FILE");
        FILE *file = path ? fopen(path, "r") : NULL;
        if (!file) return;
        long number = 0;
        if (fscanf(file, "%ld", &number) == 1) limit = number;
        fclose(file);
        if (limit == 0) return;
    }
    if (++calls == limit) kill(getpid(), SIGKILL);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); step()

int rename(const char *from, const char *to) { REAL(rename); return real(from, to); }
int unlink(const char *path) { REAL(unlink); return real(path); }
int rmdir(const char *path) { REAL(rmdir); return real(path); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); return real(path, mode); }
int fsync(int file) { REAL(fsync); return real(file); }
int fdatasync(int file) { REAL(fdatasync); return real(file); }
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { REAL(pwrite); return real(file, bytes, count, offset); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) { REAL(pwrite64); return real(file, bytes, count, offset); }
