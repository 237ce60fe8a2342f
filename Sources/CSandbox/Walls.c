#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Landlock's own numbers (https://docs.kernel.org/userspace-api/landlock.html): headers of older systems lack the
// newer ones.
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define RULE_PATH_BENEATH 1
struct ruleset { uint64_t files, network, scopes; };
struct path_rule { uint64_t access; int32_t folder; } __attribute__((packed));

enum {
    EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, REMOVE_DIR = 1 << 4,
    REMOVE_FILE = 1 << 5, MAKE_CHAR = 1 << 6, MAKE_DIR = 1 << 7, MAKE_REG = 1 << 8, MAKE_SOCK = 1 << 9,
    MAKE_FIFO = 1 << 10, MAKE_BLOCK = 1 << 11, MAKE_SYM = 1 << 12, REFER = 1 << 13, TRUNCATE = 1 << 14,
    IOCTL_DEV = 1 << 15,
};

int csandbox_landlock_version(int highest) {
    long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, 1);
    if (version < 0) return 0;
    return version < highest ? (int)version : highest;
}

static int add(int rules, const char *path, uint64_t access) {
    struct path_rule rule = {access, open(path, O_PATH | O_CLOEXEC)};
    // A path that is gone is one that cannot be read.
    if (rule.folder < 0) return errno == ENOENT ? 0 : errno;
    struct stat kind;
    if (fstat(rule.folder, &kind) == 0 && !S_ISDIR(kind.st_mode))
        rule.access &= EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
    int problem = syscall(LANDLOCK_ADD_RULE, rules, RULE_PATH_BENEATH, &rule, 0) == 0 ? 0 : errno;
    close(rule.folder);
    return problem;
}

int csandbox_bound_files(int version, const char *const *readable, const char *const *writable) {
    if (version < 1) return ENOSYS;
    uint64_t all = (1 << 13) - 1;
    if (version >= 2) all |= REFER;
    if (version >= 3) all |= TRUNCATE;
    if (version >= 5) all |= IOCTL_DEV;
    struct ruleset set = {all, version >= 4 ? 3 : 0, version >= 6 ? 3 : 0};
    // Each version's attributes are behind those of the one before.
    size_t size = version >= 6 ? sizeof(set) : version >= 4 ? offsetof(struct ruleset, scopes) : sizeof(set.files);
    int rules = (int)syscall(LANDLOCK_CREATE_RULESET, &set, size, 0);
    if (rules < 0) return errno;
    int problem = 0;
    uint64_t write = READ_FILE | READ_DIR | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG;
    // Without it no file could be moved from folder to folder, not even within those that are written to.
    write |= all & (REFER | TRUNCATE);
    for (; !problem && *readable; readable++) problem = add(rules, *readable, READ_FILE | READ_DIR);
    for (; !problem && *writable; writable++) problem = add(rules, *writable, write);
    if (!problem && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) problem = errno;
    if (!problem && syscall(LANDLOCK_RESTRICT_SELF, rules, 0) != 0) problem = errno;
    close(rules);
    return problem;
}

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the numbers of this machine's system calls are not known here"
#endif

#define LOAD(place) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (place))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSE(error) ANSWER(SECCOMP_RET_ERRNO | (error))
// Refuses one call whatever its arguments; the number has been loaded.
#define FORBID(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), REFUSE(EPERM)
// Refuses one call unless the low half of an argument is a value.
#define FORBID_UNLESS(call, argument, value)                                                                           \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4),                                                                 \
        LOAD(offsetof(struct seccomp_data, args) + 8 * (argument)),                                                    \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, 1), ANSWER(SECCOMP_RET_ALLOW), REFUSE(EPERM)
// Refuses one call unless the low half of an argument is one of two values.
#define FORBID_UNLESS_EITHER(call, argument, value, other)                                                             \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 5),                                                                 \
        LOAD(offsetof(struct seccomp_data, args) + 8 * (argument)),                                                    \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 1, 0),                                                  \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(other), 0, 1), ANSWER(SECCOMP_RET_ALLOW), REFUSE(EPERM)

int csandbox_bound_calls(void) {
    uint32_t self = (uint32_t)getpid();
    struct sock_filter program[] = {
        LOAD(offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(offsetof(struct seccomp_data, nr)),
#if defined(__x86_64__)
        // The numbers of the x32 interface begin here.
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), REFUSE(ENOSYS),
        FORBID(SYS_fork), FORBID(SYS_vfork), FORBID(SYS_chmod), FORBID(SYS_chown), FORBID(SYS_lchown),
        FORBID(SYS_utime), FORBID(SYS_utimes), FORBID(SYS_futimesat), FORBID(SYS_link), FORBID(SYS_symlink),
        FORBID(SYS_mknod), FORBID(SYS_iopl), FORBID(SYS_ioperm), FORBID(SYS_modify_ldt),
#endif
        // Programs, and processes beside this one. clone3 hides its flags: the C library takes clone without it.
        FORBID(SYS_execve), FORBID(SYS_execveat), FORBID(SYS_ptrace), FORBID(SYS_process_vm_readv),
        FORBID(SYS_process_vm_writev), FORBID(SYS_kcmp), FORBID(434 /* pidfd_open */),
        FORBID(438 /* pidfd_getfd */), FORBID(SYS_pidfd_send_signal), FORBID(440 /* process_madvise */),
        FORBID(448 /* process_mrelease */), FORBID(SYS_rt_sigqueueinfo), FORBID(SYS_tkill), FORBID(SYS_setpgid),
        FORBID(SYS_setsid), FORBID(SYS_setpriority), FORBID(SYS_ioprio_set), FORBID(SYS_migrate_pages),
        FORBID(SYS_move_pages),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 435 /* clone3 */, 0, 1), REFUSE(ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
        LOAD(offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x10000 /* CLONE_THREAD */, 0, 1), ANSWER(SECCOMP_RET_ALLOW),
        REFUSE(EPERM),
        FORBID_UNLESS(SYS_kill, 0, self), FORBID_UNLESS(SYS_tgkill, 0, self),
        FORBID_UNLESS(SYS_rt_tgsigqueueinfo, 0, self), FORBID_UNLESS_EITHER(SYS_prlimit64, 0, 0, self),
        FORBID_UNLESS_EITHER(SYS_sched_setaffinity, 0, 0, self), FORBID_UNLESS_EITHER(SYS_sched_setscheduler, 0, 0, self),
        FORBID_UNLESS_EITHER(SYS_sched_setparam, 0, 0, self), FORBID_UNLESS_EITHER(SYS_sched_setattr, 0, 0, self),
        // Peers.
        FORBID(SYS_socket), FORBID(SYS_socketpair), FORBID(SYS_connect), FORBID(SYS_bind), FORBID(SYS_listen),
        FORBID(SYS_accept), FORBID(SYS_accept4), FORBID(SYS_sendmsg), FORBID(SYS_sendmmsg),
        FORBID(425 /* io_uring_setup */), FORBID(426), FORBID(427),
        // What files are, which Landlock does not hold.
        FORBID(SYS_fchmod), FORBID(SYS_fchmodat), FORBID(452 /* fchmodat2 */), FORBID(SYS_fchown),
        FORBID(SYS_fchownat), FORBID(SYS_utimensat), FORBID(SYS_setxattr), FORBID(SYS_lsetxattr),
        FORBID(SYS_fsetxattr), FORBID(SYS_removexattr), FORBID(SYS_lremovexattr), FORBID(SYS_fremovexattr),
        FORBID(463 /* setxattrat */), FORBID(466 /* removexattrat */), FORBID(SYS_linkat), FORBID(SYS_symlinkat),
        FORBID(SYS_mknodat), FORBID(SYS_name_to_handle_at), FORBID(SYS_open_by_handle_at),
        // The machine.
        FORBID(SYS_unshare), FORBID(SYS_setns), FORBID(SYS_chroot), FORBID(SYS_pivot_root), FORBID(SYS_mount),
        FORBID(SYS_umount2), FORBID(428 /* open_tree */), FORBID(429 /* move_mount */), FORBID(430 /* fsopen */),
        FORBID(442 /* mount_setattr */), FORBID(SYS_bpf), FORBID(SYS_perf_event_open), FORBID(SYS_userfaultfd),
        FORBID(SYS_add_key), FORBID(SYS_request_key), FORBID(SYS_keyctl), FORBID(SYS_init_module),
        FORBID(SYS_finit_module), FORBID(SYS_delete_module), FORBID(SYS_kexec_load), FORBID(SYS_reboot),
        FORBID(SYS_swapon), FORBID(SYS_swapoff), FORBID(SYS_quotactl), FORBID(SYS_acct), FORBID(SYS_syslog),
        FORBID(SYS_settimeofday), FORBID(SYS_clock_settime), FORBID(SYS_adjtimex), FORBID(SYS_clock_adjtime),
        FORBID(SYS_sethostname), FORBID(SYS_setdomainname), FORBID(SYS_fanotify_init), FORBID(SYS_personality),
        FORBID(SYS_vhangup),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0 ? 0 : errno;
}
