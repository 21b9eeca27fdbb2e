/*
 * What a RUN of `--repro=deterministic` draws at random to name a thing, one processor, and the
 * numbers of processes.
 *
 * A number that is a secret must never repeat, and nobody can see from a call which one is. So this
 * answers the programs below alone: what they draw names a section, a file system or an index. All
 * others have the kernel's numbers, or where a seed was asked for, ones that begin by it:
 * libfaketime's are zeros where the seed is not written as 0x and 16 digits.
 */
#include "steady.h"
#include "steady-following.h"

/* Compilers, dune, pandoc; makers of file systems, partitions and discs; indexes of Xapian; repositories of Subversion; mktemp(1). Nothing that runs a script of its user's, and nothing that prints what it drew: uuidgen, mcookie. */
static const char NAMES_ALONE[] =
    " cc1 cc1plus cc1obj cc1objplus f951 gnat1 go1 d21 gm2 lto1 lto-wrapper ocamlopt.opt ocamlc.opt dune pandoc"
    " mke2fs tune2fs mkfs.fat mkfs.xfs mkfs.btrfs mkfs.f2fs mkfs.erofs mkfs.exfat mkfs.ubifs mkntfs mkswap"
    " fdisk sfdisk cfdisk sgdisk gdisk parted mformat xorriso genisoimage xorrisofs mksquashfs"
    " svnadmin scriptindex omindex xapian-compact xapian-replicate mktemp slapd slapadd slapmodify"
    " magick-im7.q16 magick-im7.q16hdri magick convert-im6.q16 convert-im6.q16hdri convert gm mkvmerge oggenc opusenc sox ";

/* Written by the host into its copy of this file: steady-library.ts. */
static volatile const struct {
  char mark[16];
  i64 one_processor;
  i64 names;
} SETTINGS = {"SCOVILLE-STEADY", 0, 0};

/* --- One processor: the one that the first program of a RUN runs on; what it starts inherits it. --- */

enum { BATCH = 3 };

static void use_one_processor(void) {
  u64 mask[128];
  u32 here = 0, count = 0;
  i64 size = call(GET_AFFINITY, 0, sizeof mask, (i64)mask, 0, 0, 0);
  for (i64 bit = 0; bit < size * 8; bit++) count += mask[bit / 64] >> bit % 64 & 1;
  if (count < 2 || call(GETCPU, (i64)&here, 0, 0, 0, 0, 0) < 0) return;
  for (i64 i = 0; i < 128; i++) ((volatile u64 *)mask)[i] = i == here / 64 ? 1UL << here % 64 : 0;
  call(SET_AFFINITY, 0, size, (i64)mask, 0, 0, 0);
  /* A thread that is woken waits until the one that woke it waits: sched(7). */
  int priority = 0;
  call(SET_SCHEDULER, 0, BATCH, (i64)&priority, 0, 0, 0);
}

/* Programs that ask how many processors are online find one. How many are configured (83) stays: by it they size arrays. */
enum { ONLINE = 84 };
EXPORT i64 sysconf(int name) {
  static i64 (*volatile next)(int);
  if (name == ONLINE && SETTINGS.one_processor) return 1;
  if (next == 0) next = following("sysconf");
  return next == 0 ? told(-INVALID) : next(name);
}

EXPORT int get_nprocs(void) { return (int)sysconf(ONLINE); }

/* --- Numbers of processes: threads of what starts a RUN (runc) take some after the first, as many as they happen to be. --- */

enum { SECOND = 100, ANY_CHILD = 0x40000000 };

static void begin_at_second(void) {
  for (i64 child = 0; child >= 0 && child < SECOND - 1;) {
    child = call(CLONE, 0, 0, 0, 0, 0, 0);
    if (child == 0)
      for (;;) call(EXIT, 0, 0, 0, 0, 0, 0);
    if (child > 0) call(WAIT4, child, 0, ANY_CHILD, 0, 0, 0);
  }
}

/* The loader has drawn its own from them. */
__attribute__((constructor)) static void begin(int argc, char **argv, char **env) {
  (void)argc, (void)argv;
  const char *seed = asked_seed();
  if (seed == 0) return;
  for (struct auxiliary *one = behind(first_variables(env)); one->type != AUX_END; one++)
    if (one->type == AUX_RANDOM && one->value != 0) *(volatile struct begun_with *)one->value = beginning_of(seed);
}

__attribute__((constructor)) static void start(void) {
  if (SETTINGS.one_processor) use_one_processor();
  if (SETTINGS.names && call(GETPID, 0, 0, 0, 0, 0, 0) == 1) begin_at_second();
}

/* --- Numbers --- */

/*
 * Numbers begin by the words of the command, and by how often that has been run: two file systems
 * have two ids. It is counted by empty files of /dev/shm, which each RUN has anew. Names of
 * temporary files do not count: of two compilers that run at once, the order decides them.
 */
static u64 beginning(const char *seed) {
  u64 hash = hash_of(seed);
  u8 part[4096];
  static const char TEMPORARY[] = "/tmp/";
  int alike = 0; // how many letters of a word are TEMPORARY's; -1 where it is another
  i64 file = call(OPEN_AT, HERE, (i64) "/proc/self/cmdline", O_CLOEXEC, 0, 0, 0), got;
  while ((got = call(READ, file, (i64)part, sizeof part, 0, 0, 0)) > 0)
    for (i64 i = 0; i < got; i++) {
      if (part[i] == 0) alike = 0;
      else if (alike >= 0 && alike < 5) alike = part[i] == TEMPORARY[alike] ? alike + 1 : -1;
      if (alike < 5) hash = (hash ^ part[i]) * 0x100000001b3UL;
    }
  call(CLOSE, file, 0, 0, 0, 0, 0);
  char path[] = "/dev/shm/.scoville-0000000000000000";
  for (u64 times = 0; times < 100000; times++) {
    u64 number = mixed(hash + times * 0x9e3779b97f4a7c15UL);
    for (int i = 0; i < 16; i++) path[19 + i] = "0123456789abcdef"[number >> 4 * i & 15];
    i64 made = call(OPEN_AT, HERE, (i64)path, O_CLOEXEC | O_CREAT | O_EXCL, 0600, 0, 0);
    if (made >= 0) return call(CLOSE, made, 0, 0, 0, 0, 0), number;
    if (made != -EXISTS) return 0;
  }
  return 0;
}

/* True where this program's numbers are counted. 0: not asked yet, 1: no, else the number that comes next. */
static volatile u64 next_number;
static volatile int draws_names;
static volatile i64 first_process;
static int is_counted(void) {
  if (next_number == 0) {
    draws_names = SETTINGS.names && runs_one_of(NAMES_ALONE, 0);
    const char *seed = asked_seed();
    u64 from = draws_names || seed != 0 ? beginning(seed == 0 ? "" : seed) : 1, unset = 0;
    first_process = call(GETPID, 0, 0, 0, 0, 0, 0);
    /* Where runs cannot be counted, numbers stay random. */
    __atomic_compare_exchange_n(&next_number, &unset, from < 2 ? 1 : from, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  }
  return next_number != 1;
}

static void count_into(u8 *into, u64 size) {
  /* A process that was forked counts from the same number on. */
  u64 process = (u64)(call(GETPID, 0, 0, 0, 0, 0, 0) - first_process) * 0xbf58476d1ce4e5b9UL;
  for (u64 i = 0, number = 0; i < size; i++, number >>= 8) {
    if (i % 8 == 0)
      number = mixed(process ^ __atomic_add_fetch(&next_number, 0x9e3779b97f4a7c15UL, __ATOMIC_RELAXED));
    ((volatile u8 *)into)[i] = (u8)number;
  }
}

EXPORT i64 getrandom(void *into, u64 size, u32 flags) {
  if (is_counted()) return count_into(into, size), (i64)size;
  return told(call(GETRANDOM, (i64)into, (i64)size, flags, 0, 0, 0));
}

EXPORT int getentropy(void *into, u64 size) {
  if (size > 256) return (int)told(-INPUT_OUTPUT);
  if (is_counted()) return count_into(into, size), 0;
  i64 got = call(GETRANDOM, (i64)into, (i64)size, 0, 0, 0, 0);
  return got == (i64)size ? 0 : (int)told(got < 0 ? got : -INPUT_OUTPUT);
}

/* For steady-devices.c: 0 where the kernel's numbers are this program's. */
EXPORT int scoville_counts(void *into, u64 size) { return is_counted() ? count_into(into, size), 1 : 0; }

/* As getrandom: 256 bytes of the kernel's come whole. */
EXPORT void arc4random_buf(void *into, u64 size) {
  if (scoville_counts(into, size)) return;
  for (u64 at = 0, part; at < size; at += part) {
    part = size - at < 256 ? size - at : 256;
    while (call(GETRANDOM, (i64)((u8 *)into + at), (i64)part, 0, 0, 0, 0) != (i64)part);
  }
}
EXPORT u32 arc4random(void) {
  u32 number;
  return arc4random_buf(&number, sizeof number), number;
}
EXPORT u32 arc4random_uniform(u32 below) {
  if (below < 2) return 0;
  /* Those under 2^32 % below would make the first numbers likelier. */
  u32 number, uneven = -below % below;
  do number = arc4random();
  while (number < uneven);
  return number % below;
}

/* std::random_device of libstdc++, which asks the processor. */
EXPORT u32 _ZNSt13random_device9_M_getvalEv(void *device) {
  static u32 (*volatile next)(void *);
  u32 number;
  if (scoville_counts(&number, sizeof number)) return number;
  if (next == 0) next = following("_ZNSt13random_device9_M_getvalEv");
  return next == 0 ? arc4random() : next(device);
}

/* --- AddressSanitizer ends a program that has a library before it. It asks here; a program's own answer goes first. --- */

EXPORT const char *__asan_default_options(void) { return "verify_asan_link_order=0"; }
