/*
 * The clock of a RUN of `--repro=deterministic`, or of `reproduce --tomorrow`. It allocates nothing:
 * an allocator may ask for the time while it starts itself (jemalloc: redis).
 * Structures are those of clock_gettime(2), timespec_get(3).
 */
#include "steady.h"
#include "steady-following.h"

enum { FROZEN = 0, RUNNING = 1, MOVED = 2 };
/* Written by the host into its copy of this file: steady-library.ts. */
static volatile const struct {
  char mark[16];
  i64 start; /* With MOVED, how far the machine's clock is moved. */
  i64 kind;
} SETTINGS = {"SCOVILLE-STEADY", 0, FROZEN};

struct time { i64 seconds; i64 fraction; };

/* As the kernel tells it. */
static struct time true_time(int clock) {
  struct time now;
  call(CLOCK_GETTIME, clock, (i64)&now, 0, 0, 0, 0);
  return now;
}

/* How long after the other one is; its fraction is not below 0. */
static struct time since(struct time one, struct time other) {
  i64 fraction = one.fraction - other.fraction, less = fraction < 0;
  return (struct time){one.seconds - other.seconds - less, fraction + less * 1000000000};
}

/* The time of day; running, it is the start and what has passed since this program's own. `unit` of a second. */
static struct time day(i64 unit) {
  static struct time begun;
  struct time passed;
  if (SETTINGS.kind == FROZEN) return (struct time){SETTINGS.start, 0};
  if (SETTINGS.kind == MOVED) passed = true_time(0);
  else {
    if (begun.seconds == 0) begun = true_time(1);
    passed = since(true_time(1), begun);
  }
  return (struct time){SETTINGS.start + passed.seconds, passed.fraction / (1000000000 / unit)};
}

__attribute__((constructor)) static void begin(void) { day(1); }

/* They see the true times of files (steady-files.c), and warn of each that is later than now. */
static int compares_with_now(void) {
  static volatile int known = -1;
  if (known < 0) known = runs_one_of(" make gmake bmake remake ", 0);
  return known;
}

/* The time that programs have worked: a millisecond more each time that they ask, so that what waits for it ends. */
static i64 worked(void) {
  static i64 asked;
  return __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
}

/* They keep what they have measured by the coarse monotonic clock in an image of their memory. */
static int keeps_durations(void) {
  static volatile int known = -1;
  if (known < 0) known = runs_one_of(" sbcl ", 0);
  return known;
}

EXPORT int clock_gettime(int clock, struct time *into) {
  /* Of the day: CLOCK_REALTIME, its coarse one, and CLOCK_TAI. Others go on. */
  if ((clock == 0 || clock == 5 || clock == 11) && !compares_with_now()) return *into = day(1000000000), 0;
  if (SETTINGS.kind != MOVED && (clock == 2 || clock == 3 || (clock == 6 && keeps_durations()))) { /* of the process, of the thread */
    i64 ms = worked();
    return *into = (struct time){ms / 1000, ms % 1000 * 1000000}, 0;
  }
  return (int)told(call(CLOCK_GETTIME, clock, (i64)into, 0, 0, 0, 0));
}

EXPORT int gettimeofday(struct time *into, int *zone) {
  if (into != 0) *into = day(1000000);
  if (zone != 0) zone[0] = zone[1] = 0;
  return 0;
}

EXPORT i64 time(i64 *into) {
  i64 seconds = day(1).seconds;
  if (into != 0) *into = seconds;
  return seconds;
}

EXPORT int timespec_get(struct time *into, int base) {
  if (base != 1) return 0;
  *into = day(1000000000);
  return base;
}

EXPORT i64 clock(void) {
  struct time now = true_time(2);
  return SETTINGS.kind == MOVED ? now.seconds * 1000000 + now.fraction / 1000 : worked() * 1000;
}

/* Of struct rusage it keeps the largest size alone: page faults and switches are as they happen to be. */
EXPORT int getrusage(int who, i64 *into) {
  i64 result = told(call(GETRUSAGE, who, (i64)into, 0, 0, 0, 0));
  if (result < 0 || SETTINGS.kind == MOVED) return (int)result;
  for (int i = 0; i < 16; i++)
    if (i != 4) ((volatile i64 *)into)[i] = 0;
  i64 ms = worked();
  into[0] = ms / 1000;
  into[1] = ms % 1000 * 1000;
  return 0;
}

/* Ticks of a hundredth of a second; its result is of the clock that goes on. */
EXPORT i64 times(i64 *into) {
  if (SETTINGS.kind == MOVED) return told(call(TIMES, (i64)into, 0, 0, 0, 0, 0));
  if (into != 0) {
    into[0] = worked() / 10;
    for (int i = 1; i < 4; i++) ((volatile i64 *)into)[i] = 0;
  }
  return told(call(TIMES, 0, 0, 0, 0, 0, 0));
}

#include "steady-waits.h"

/*
 * Go asks for the time in a page that the kernel maps into each program (vdso(7)), where no library
 * comes before it. It finds the page by the words behind the environment (getauxval(3)). Once the
 * loader has read them, they name a page of ours, which answers for the clock alone: for all else
 * Go calls the kernel. The page is an ELF file of as little as Go reads: elf(5).
 */
enum { AUX_MOST = 64, SEGMENT = 56, GLOBAL = 16, TAG_HASH = 4, TAG_VERSIONS = 0x6ffffffc };
#define IN_PAGE(member) __builtin_offsetof(struct page, member)

struct page {
  u8 ident[16];
  u16 type, machine;
  u32 version;
  u64 entry, segments, sections;
  u32 flags;
  u16 size, segment_size, count, rest[3];
  struct segment parts[2];
  struct auxiliary tags[5];
  u32 hash[5], versions[5];
  struct symbol symbols[2];
  char names[32];
};

static struct page page = {
    .ident = "\x7f" "ELF\2\1\1",
    .type = 3,
    .segments = IN_PAGE(parts),
    .segment_size = SEGMENT,
    .count = 2,
    .parts = {{.type = LOAD}, {.type = DYNAMIC, .offset = IN_PAGE(tags), .address = IN_PAGE(tags)}},
    .tags = {{TAG_HASH, IN_PAGE(hash)}, {TAG_NAMES, IN_PAGE(names)}, {TAG_SYMBOLS, IN_PAGE(symbols)},
             /* Go reads one. Of no version, all symbols count. */
             {TAG_VERSIONS, IN_PAGE(versions)}},
    /* One list of symbols, which has the second. */
    .hash = {1, 2, 1},
    .symbols = {{0}, {.name = 1, .info = GLOBAL | FUNCTION, .section = 1}},
#if defined(__x86_64__)
    .names = "\0__vdso_clock_gettime",
#else
    .names = "\0__kernel_clock_gettime",
#endif
};

/* Called on whatever stack and thread Go has: it sets no error's number. */
static i64 time_for_go(int clock, struct time *into) {
  if (clock == 0) return *into = day(1000000000), 0;
  return call(CLOCK_GETTIME, clock, (i64)into, 0, 0, 0, 0);
}

__attribute__((constructor)) static void start(int argc, char **argv, char **env) {
  (void)argc, (void)argv;
  for (struct auxiliary *one = behind(first_variables(env)); one->type != AUX_END && one->type < AUX_MOST; one++) {
    /* steady-place.c has the loader pass over it. */
    if (one->type != AUX_VDSO && one->type != AUX_IGNORE) continue;
    page.symbols[1].value = (u64)time_for_go - (u64)&page;
    *one = (struct auxiliary){AUX_VDSO, (u64)&page};
    return;
  }
}
