// A name server that takes its time, for LD_PRELOAD: names that begin with "slow" are looked up for 15 seconds, and are 127.0.0.1; "fast" ones at once.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    static int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (!next) next = (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strncmp(name, "slow", 4) == 0) sleep(15);
    if (name && (strncmp(name, "slow", 4) == 0 || strncmp(name, "fast", 4) == 0)) name = "127.0.0.1";
    return next(name, service, hints, result);
}
