/* Kills the process before its KILL_AT-th change of a file, counted from 0. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int left;

__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("KILL_AT");
    left = at ? atoi(at) : INT_MAX;
}

static void change(void) {
    if (atomic_fetch_sub(&left, 1) == 0)
        kill(getpid(), SIGKILL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t length) {
    if (file > 2)
        change();
    return REAL(write)(file, bytes, length);
}

int rename(const char *from, const char *to) {
    change();
    return REAL(rename)(from, to);
}

int link(const char *from, const char *to) {
    change();
    return REAL(link)(from, to);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    change();
    return REAL(linkat)(from_folder, from, to_folder, to, flags);
}

int unlink(const char *path) {
    change();
    return REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
    change();
    return REAL(mkdir)(path, mode);
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
        change();
    }
    return REAL(open64)(path, flags, mode);
}
