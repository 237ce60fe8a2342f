// A disk that refuses and a clock that jumps, for LD_PRELOAD. The file FAULTS_FILE has three lines: milliseconds that the clock is put forward by, the error
// number of what changes a file (0 for none), and what the path of such a file holds. It is read again when it has changed.
// The file FAULTS_STEPS, where it is named, gets a line for each file that is synced and for each that is renamed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct { long shift; int error; char path[512]; } faults;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long long seen = -1;

static long long changed(const struct stat *status) { return status->st_mtim.tv_sec * 1000000000LL + status->st_mtim.tv_nsec; }

static void look(void) {
    const char *path = getenv("FAULTS_FILE");
    struct stat status;
    if (!path || syscall(SYS_newfstatat, AT_FDCWD, path, &status, 0) != 0 || changed(&status) == seen) return;
    pthread_mutex_lock(&lock);
    if (changed(&status) != seen) {
        char text[1024] = {0};
        int file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
        long count = syscall(SYS_read, file, text, sizeof text - 1);
        syscall(SYS_close, file);
        char held[512] = {0};
        long shift = 0;
        int error = 0;
        if (count > 0 && sscanf(text, "%ld %d %511s", &shift, &error, held) >= 2) {
            faults.shift = shift;
            memcpy(faults.path, held, sizeof held);
            faults.error = error;
            seen = changed(&status);
        }
    }
    pthread_mutex_unlock(&lock);
}

static int refused(const char *path) {
    look();
    if (!faults.error || !path || !strstr(path, faults.path)) return 0;
    errno = faults.error;
    return 1;
}

static void path_of(int file, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = readlink(link, path, size - 1);
    path[count > 0 ? count : 0] = 0;
}

static int refused_file(int file) {
    look();
    if (!faults.error) return 0;
    char path[4096];
    path_of(file, path, sizeof path);
    return path[0] ? refused(path) : 0;
}

static int noted(const char *step, const char *one, const char *other, int result) {
    const char *steps = getenv("FAULTS_STEPS");
    if (steps && result == 0) {
        char line[9000];
        int length = snprintf(line, sizeof line, "%s\t%s\t%s\n", step, one, other);
        int file = syscall(SYS_openat, AT_FDCWD, steps, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (length > 0) syscall(SYS_write, file, line, length);
        syscall(SYS_close, file);
    }
    return result;
}

static int synced(int file, int result) {
    char path[4096];
    path_of(file, path, sizeof path);
    return noted("sync", path, "", result);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define MODE va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list)
#define WRITES(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT))

int open(const char *path, int flags, ...) { REAL(open); MODE; return WRITES(flags) && refused(path) ? -1 : real(path, flags, mode); }
int open64(const char *path, int flags, ...) { REAL(open64); MODE; return WRITES(flags) && refused(path) ? -1 : real(path, flags, mode); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); return refused(path) ? -1 : real(path, mode); }
int rename(const char *from, const char *to) { REAL(rename); return refused(from) || refused(to) ? -1 : noted("rename", from, to, real(from, to)); }
int unlink(const char *path) { REAL(unlink); return refused(path) ? -1 : real(path); }
int rmdir(const char *path) { REAL(rmdir); return refused(path) ? -1 : real(path); }
int fsync(int file) { REAL(fsync); return refused_file(file) ? -1 : synced(file, real(file)); }
int fdatasync(int file) { REAL(fdatasync); return refused_file(file) ? -1 : synced(file, real(file)); }
ssize_t write(int file, const void *bytes, size_t count) { REAL(write); return refused_file(file) ? -1 : real(file, bytes, count); }
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { REAL(pwrite); return refused_file(file) ? -1 : real(file, bytes, count, offset); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) { REAL(pwrite64); return refused_file(file) ? -1 : real(file, bytes, count, offset); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(clock_gettime);
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME && result == 0) {
        look();
        long long nanoseconds = time->tv_nsec + faults.shift % 1000 * 1000000LL;
        time->tv_sec += faults.shift / 1000 + (nanoseconds >= 1000000000LL) - (nanoseconds < 0);
        time->tv_nsec = (nanoseconds + 1000000000LL) % 1000000000LL;
    }
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    (void)zone;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
