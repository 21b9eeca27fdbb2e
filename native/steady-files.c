/*
 * What a RUN of `--repro=deterministic` sees of files, as a library that the loader puts before
 * all others: files that the build wrote have the recorded time, folders are in the order of names,
 * temporary files are named by a number that counts.
 *
 * Structures are those of stat(2), statx(2), getdents64(2).
 */
#include "steady.h"

/* Written by the host into its copy of this file: steady-library.ts. */
static volatile const struct {
  char mark[16];
  i64 start;
  i64 sorts;
  i64 names;
} SETTINGS = {"SCOVILLE-STEADY", 0, 0, 0};

/* --- Times of files --- */

/* They compare the times of two files, and rebuild what is older: with one time for all they would not. Shells have -nt. */
static const char COMPARES[] =
    " make gmake bmake remake ninja samu cargo ls [ test sh dash bash zsh ksh mksh busybox find cp mv install rsync ";

/* 0 where times are left as they are. Asked once: a race of threads gives the same answer. */
static i64 latest(void) {
  static volatile i64 known = -1;
  if (known < 0) known = SETTINGS.start == 0 || runs_one_of(COMPARES, 1) ? 0 : SETTINGS.start;
  return known;
}

/* cargo notes the time of the newest file of a package, and writes this one itself. Its content, not its time, decides what is compiled. */
static i64 latest_of(const char *path) {
  static const char LOCK[] = "Cargo.lock";
  static volatile int known = -1;
  i64 start = latest(), length = 0;
  if (start != 0 || SETTINGS.start == 0 || path == 0) return start;
  while (path[length] != 0) length++;
  if (length < 10 || !same(path + length - 10, LOCK)) return 0;
  if (known < 0) known = runs_one_of(" cargo ", 0);
  return known ? SETTINGS.start : 0;
}

/* --- Numbers of inodes --- */

/* They write the numbers into the archive. What else reads them compares them with those of another day, as git does. */
static const char ARCHIVES[] = " cpio pax bsdcpio bsdtar ";
enum { SLOTS = 1 << 20 };

/* In the order in which they are first asked for; after SLOTS files as they are. */
static void count_inode(u64 *device, u64 *inode) {
  static volatile int known = -1;
  static struct { u64 device, inode, number; } *seen;
  static u64 count;
  if (known < 0) known = SETTINGS.start != 0 && runs_one_of(ARCHIVES, 0) && !failed(seen = memory(SLOTS * sizeof *seen));
  if (!known) return;
  u64 at = (*inode * 0x9e3779b97f4a7c15UL ^ *device * 0xbf58476d1ce4e5b9UL) >> 44;
  for (int tries = 0; tries < SLOTS; tries++, at = (at + 1) % SLOTS) {
    if (seen[at].number == 0) {
      seen[at].device = *device;
      seen[at].inode = *inode;
      seen[at].number = ++count;
    }
    if (seen[at].device != *device || seen[at].inode != *inode) continue;
    *inode = seen[at].number;
    *device = 1;
    return;
  }
}

/* --- Status of a file --- */

struct time { i64 seconds; i64 nanoseconds; };
struct time_of_statx { i64 seconds; u32 nanoseconds; u32 unused; };

static i64 clamped(i64 result, void *status, i64 start) {
  if (result < 0 || start == 0) return told(result);
  /* Access, modification, change: at byte 72 on both processors. */
  struct time *times = (struct time *)((u8 *)status + 72);
  for (int i = 0; i < 3; i++)
    if (times[i].seconds >= start) times[i] = (struct time){start, 0};
  count_inode((u64 *)status, (u64 *)status + 1);
  return result;
}

static i64 clamped_statx(i64 result, void *status, i64 start) {
  if (result < 0 || start == 0) return told(result);
  /* Access, birth, change, modification. */
  struct time_of_statx *times = (struct time_of_statx *)((u8 *)status + 64);
  for (int i = 0; i < 4; i++)
    if (times[i].seconds >= start) times[i] = (struct time_of_statx){start, 0, 0};
  return result;
}

EXPORT int fstatat(int folder, const char *path, void *status, int flags) {
  return (int)clamped(call(STAT_AT, folder, (i64)path, (i64)status, flags, 0, 0), status, latest_of(path));
}
EXPORT int fstat(int file, void *status) {
  return (int)clamped(call(FSTAT, file, (i64)status, 0, 0, 0, 0), status, latest());
}
EXPORT int stat(const char *path, void *status) { return fstatat(HERE, path, status, 0); }
EXPORT int lstat(const char *path, void *status) { return fstatat(HERE, path, status, NO_FOLLOW); }
ALIAS(fstatat64, fstatat);
ALIAS(fstat64, fstat);
ALIAS(stat64, stat);
ALIAS(lstat64, lstat);

/* As programs of glibc before 2.33 call them, with a version first. */
EXPORT int __fxstatat(int version, int folder, const char *path, void *status, int flags) {
  (void)version;
  return fstatat(folder, path, status, flags);
}
EXPORT int __fxstat(int version, int file, void *status) { return (void)version, fstat(file, status); }
EXPORT int __xstat(int version, const char *path, void *status) { return (void)version, stat(path, status); }
EXPORT int __lxstat(int version, const char *path, void *status) { return (void)version, lstat(path, status); }
ALIAS(__fxstatat64, __fxstatat);
ALIAS(__fxstat64, __fxstat);
ALIAS(__xstat64, __xstat);
ALIAS(__lxstat64, __lxstat);

EXPORT int statx(int folder, const char *path, int flags, u32 mask, void *status) {
  return (int)clamped_statx(call(STATX, folder, (i64)path, flags, mask, (i64)status, 0), status, latest_of(path));
}

extern i64 getrandom(void *into, u64 size, u32 flags) __attribute__((weak));

/* libuv calls statx by its number, OpenSSL getrandom. All others go to the kernel as they are. */
EXPORT i64 syscall(i64 nr, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) {
  if (nr == GETRANDOM && getrandom != 0) return getrandom((void *)a, (u64)b, (u32)c);
  if (nr == STATX) return statx((int)a, (const char *)b, (int)c, (u32)d, (void *)e);
  return told(call(nr, a, b, c, d, e, f));
}

/* --- The order of folders --- */

struct entry { u64 inode; i64 next; u16 length; u8 type; char name[]; };

struct folder { int file; u32 read; i64 count; i64 at; u8 *bytes; i64 size; struct entry **sorted; i64 room; };

static int before(const struct entry *a, const struct entry *b) {
  const u8 *x = (const u8 *)a->name, *y = (const u8 *)b->name;
  while (*x != 0 && *x == *y) x++, y++;
  return *x < *y;
}

/* Heapsort: in place, and never slow. */
static void sink(struct entry **of, i64 root, i64 count) {
  for (i64 child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && before(of[child], of[child + 1])) child++;
    if (!before(of[root], of[child])) return;
    struct entry *larger = of[child];
    of[child] = of[root];
    of[root] = larger;
  }
}
static void sort(struct entry **of, i64 count) {
  for (i64 i = count / 2 - 1; i >= 0; i--) sink(of, i, count);
  for (i64 i = count - 1; i > 0; i--) {
    struct entry *last = of[i];
    of[i] = of[0];
    of[0] = last;
    sink(of, 0, i);
  }
}

static void forget(struct folder *one) {
  if (one->bytes != 0) call(MUNMAP, (i64)one->bytes, one->size, 0, 0, 0, 0);
  if (one->sorted != 0) call(MUNMAP, (i64)one->sorted, one->room, 0, 0, 0, 0);
  one->bytes = 0;
  one->sorted = 0;
  one->count = one->at = one->read = 0;
}

/* Reads all of it. The error's number, negative; else 0. */
static i64 fill(struct folder *one) {
  i64 filled = 0, got;
  one->size = 65536;
  one->bytes = memory(one->size);
  if (failed(one->bytes)) return (i64)one->bytes;
  while ((got = call(GETDENTS, one->file, (i64)(one->bytes + filled), one->size - filled, 0, 0, 0)) > 0) {
    filled += got;
    if (one->size - filled >= 32768) continue;
    u8 *larger = (u8 *)call(MREMAP, (i64)one->bytes, one->size, one->size * 2, 1 /* may move */, 0, 0);
    if (failed(larger)) return (i64)larger;
    one->bytes = larger;
    one->size *= 2;
  }
  if (got < 0) return got;
  for (i64 at = 0; at < filled; at += ((struct entry *)(one->bytes + at))->length) one->count++;
  one->room = (one->count + 1) * (i64)sizeof *one->sorted;
  one->sorted = memory(one->room);
  if (failed(one->sorted)) return (i64)one->sorted;
  i64 i = 0;
  for (i64 at = 0; at < filled; at += ((struct entry *)(one->bytes + at))->length)
    one->sorted[i++] = (struct entry *)(one->bytes + at);
  if (SETTINGS.sorts) sort(one->sorted, one->count);
  for (i = 0; i < one->count; i++) one->sorted[i]->next = i + 1;
  one->read = 1;
  return 0;
}

static struct folder *opened(int file) {
  struct folder *one = memory(sizeof *one);
  if (failed(one)) return (void)told((i64)one), (struct folder *)0;
  one->file = file;
  return one;
}

EXPORT struct folder *fdopendir(int file) {
  u32 status[64];
  if (told(call(FSTAT, file, (i64)status, 0, 0, 0, 0)) < 0) return 0;
#if defined(__x86_64__)
  u32 mode = status[6];
#else
  u32 mode = status[4];
#endif
  if ((mode & 0170000) != 0040000) return (void)told(-NOT_A_FOLDER), (struct folder *)0;
  return opened(file);
}

EXPORT struct folder *opendir(const char *path) {
  i64 file = told(call(OPEN_AT, HERE, (i64)path, O_NONBLOCK | O_CLOEXEC | O_DIRECTORY, 0, 0, 0));
  if (file < 0) return 0;
  struct folder *one = opened((int)file);
  if (one == 0) call(CLOSE, file, 0, 0, 0, 0, 0);
  return one;
}

EXPORT struct entry *readdir(struct folder *one) {
  if (!one->read) {
    i64 error = fill(one);
    /* A folder that was removed has no entries. */
    if (error < 0) {
      if (failed(one->bytes)) one->bytes = 0;
      if (failed(one->sorted)) one->sorted = 0;
      forget(one);
      if (error != -2) told(error);
      return 0;
    }
  }
  return one->at < one->count ? one->sorted[one->at++] : 0;
}

EXPORT int readdir_r(struct folder *one, struct entry *into, struct entry **result) {
  int *error = __errno_location(), kept = *error;
  *error = 0;
  struct entry *found = readdir(one);
  int failure = *error;
  *error = kept;
  *result = 0;
  if (found == 0) return failure;
  for (u16 i = 0; i < found->length; i++) ((volatile u8 *)into)[i] = ((u8 *)found)[i];
  *result = into;
  return 0;
}

EXPORT int closedir(struct folder *one) {
  if (one == 0) return (int)told(-INVALID);
  int file = one->file;
  forget(one);
  call(MUNMAP, (i64)one, sizeof *one, 0, 0, 0, 0);
  return (int)told(call(CLOSE, file, 0, 0, 0, 0, 0));
}

EXPORT void rewinddir(struct folder *one) {
  forget(one);
  call(LSEEK, one->file, 0, 0, 0, 0, 0);
}
EXPORT i64 telldir(struct folder *one) { return one->at; }
EXPORT void seekdir(struct folder *one, i64 place) {
  if (!one->read && fill(one) < 0) return;
  one->at = place < 0 ? 0 : place > one->count ? one->count : place;
}
EXPORT int dirfd(struct folder *one) { return one->file; }
ALIAS(readdir64, readdir);
ALIAS(readdir64_r, readdir_r);

/* --- Names of temporary files --- */

/* The last six letters before `suffix` letters are Xs, as mkstemp(3) asks for; 0 where they are not. */
static char *exes(char *template, int suffix) {
  i64 length = 0;
  while (template[length] != 0) length++;
  if (suffix < 0 || length < 6 + suffix) return 0;
  char *from = template + length - suffix - 6;
  for (int i = 0; i < 6; i++)
    if (from[i] != 'X') return 0;
  return from;
}

static i64 create(const char *path, int flags, int is_folder) {
  if (is_folder) return call(MKDIR_AT, HERE, (i64)path, 0700, 0, 0, 0);
  /* Read and write, create, and fail where it is there. */
  return call(OPEN_AT, HERE, (i64)path, (flags & ~3) | 2 | O_CREAT | O_EXCL, 0600, 0, 0);
}

/* Six letters that count the names a process drew, past those that are there; at random where that is asked for. */
static i64 named(char *template, int suffix, int flags, int is_folder) {
  static const char LETTERS[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  static u32 drawn;
  char *from = exes(template, suffix);
  if (from == 0) return told(-INVALID);
  for (int tries = 0; tries < 100000; tries++) {
    u64 number = __atomic_fetch_add(&drawn, 1, __ATOMIC_RELAXED);
    if (!SETTINGS.names) call(GETRANDOM, (i64)&number, sizeof number, 0, 0, 0, 0);
    for (int i = 5; i >= 0; i--, number /= 62) from[i] = LETTERS[number % 62];
    i64 result = create(template, flags, is_folder);
    if (result != -EXISTS) return told(result);
  }
  return told(-EXISTS);
}

EXPORT int mkostemps(char *template, int suffix, int flags) { return (int)named(template, suffix, flags, 0); }
EXPORT int mkstemps(char *template, int suffix) { return (int)named(template, suffix, 0, 0); }
EXPORT int mkostemp(char *template, int flags) { return (int)named(template, 0, flags, 0); }
EXPORT int mkstemp(char *template) { return (int)named(template, 0, 0, 0); }
EXPORT char *mkdtemp(char *template) { return named(template, 0, 0, 1) < 0 ? 0 : template; }
ALIAS(mkostemps64, mkostemps);
ALIAS(mkstemps64, mkstemps);
ALIAS(mkostemp64, mkostemp);
ALIAS(mkstemp64, mkstemp);
