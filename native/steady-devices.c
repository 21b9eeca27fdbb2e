/*
 * The files by which a RUN of `--repro=deterministic` draws at random, for programs whose numbers
 * are counted (steady-random.c): /dev/urandom, /dev/random and the kernel's uuid. They have a file
 * in memory instead, which what they start can read too, as `head -c 8 < /dev/urandom` does.
 * read(2) goes on behind its end; what reads without it, as fread(3), finds 1 MB.
 */
#include "steady.h"
#include "steady-following.h"

enum { ROOM = 1 << 20, PART = 4096, WRITE_ONLY = 1 };

/* 0 where the kernel's numbers are this program's: steady-random.c. */
extern int scoville_counts(void *into, u64 size) __attribute__((weak));
static int counts(void *into, u64 size) { return scoville_counts != 0 && scoville_counts(into, size); }

/* Of numbers, or of one id as the kernel's has it. */
static i64 random_file(u8 *bytes, int is_id, int flags) {
  i64 size = PART;
  if (is_id) {
    size = 37;
    bytes[6] = 4; // the version
    for (int i = 36; i >= 0; i--) {
      int dash = i == 8 || i == 13 || i == 18 || i == 23;
      bytes[i] = i == 36 ? '\n' : dash ? '-' : i == 14 ? '4' : (u8) "89ab0123456789abcdef"[i == 19 ? bytes[i] & 3 : 4 + (bytes[i] & 15)];
    }
  }
  i64 file = call(MEMFD_CREATE, (i64)(is_id ? "scoville-uuid" : "scoville-random"), (flags & O_CLOEXEC) != 0, 0, 0, 0, 0);
  for (i64 room = is_id ? size : ROOM; file >= 0 && room > 0; room -= size) {
    if (!is_id) counts(bytes, PART);
    call(WRITE, file, (i64)bytes, size, 0, 0, 0);
  }
  if (file >= 0) call(LSEEK, file, 0, 0, 0, 0, 0);
  return file;
}

/* The file that answers for `path`; -1 where the kernel's does. */
static i64 answered(const char *path, int flags) {
  u8 bytes[PART];
  /* Both begin so; nearly no other path is compared further. */
  if (path == 0 || path[0] != '/' || (path[1] != 'd' && path[1] != 'p') || (flags & 3) == WRITE_ONLY) return -1;
  int is_id = same(path, "/proc/sys/kernel/random/uuid");
  if (!is_id && !same(path, "/dev/urandom") && !same(path, "/dev/random")) return -1;
  return counts(bytes, PART) ? random_file(bytes, is_id, flags) : -1;
}

EXPORT int openat(int folder, const char *path, int flags, u32 mode) {
  i64 file = answered(path, flags);
  return (int)(file >= 0 ? file : told(call(OPEN_AT, folder, (i64)path, flags, mode, 0, 0)));
}
EXPORT int open(const char *path, int flags, u32 mode) { return openat(HERE, path, flags, mode); }
EXPORT int __open_2(const char *path, int flags) { return openat(HERE, path, flags, 0); }
EXPORT int __openat_2(int folder, const char *path, int flags) { return openat(folder, path, flags, 0); }
ALIAS(openat64, openat);
ALIAS(open64, open);
ALIAS(__open, open);
ALIAS(__open64, open);
ALIAS(__open64_2, __open_2);
ALIAS(__openat64_2, __openat_2);

/* The C library opens these itself. */
extern void *fdopen(int file, const char *mode) __attribute__((weak));

EXPORT void *fopen(const char *path, const char *mode) {
  static void *(*volatile next)(const char *, const char *);
  if (next == 0) next = following("fopen");
  i64 file = fdopen == 0 || mode[0] != 'r' ? -1 : answered(path, O_CLOEXEC);
  if (file >= 0) return fdopen((int)file, mode);
  if (next != 0) return next(path, mode);
  told(-NOT_IMPLEMENTED);
  return 0;
}
ALIAS(fopen64, fopen);

/* What was opened here, or by the program that started this one. */
static int is_random_file(int file) {
  char path[32] = "/proc/self/fd/", target[64];
  u32 length = 14, digits = 1;
  for (int rest = file; rest >= 10; rest /= 10) digits++;
  for (u32 i = digits; i > 0; i--, file /= 10) path[length + i - 1] = (char)('0' + file % 10);
  i64 size = call(READLINK_AT, HERE, (i64)path, (i64)target, sizeof target - 1, 0, 0);
  static const char LINK[] = "/memfd:scoville-random (deleted)";
  target[size < 0 ? 0 : size] = 0;
  return same(target, LINK);
}

EXPORT i64 read(int file, void *into, u64 size) {
  static i64 (*volatile next)(int, void *, u64);
  static volatile int asks;
  /* What looks for the next one may allocate, and an allocator that starts may read. */
  if (next == 0 && !asks) {
    asks = 1;
    next = following("read");
    asks = 0;
  }
  i64 got = next != 0 ? next(file, into, size) : told(call(READ, file, (i64)into, (i64)size, 0, 0, 0));
  if (got < 0 || (u64)got == size || asked_seed() == 0 || !is_random_file(file)) return got;
  return counts((u8 *)into + got, size - (u64)got) ? (i64)size : got;
}

EXPORT i64 __read_chk(int file, void *into, u64 size, u64 room) {
  if (size > room) __builtin_trap();
  return read(file, into, size);
}
