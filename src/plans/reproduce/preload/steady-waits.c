/*
 * Waiting until a time of day, in a RUN of `--repro=deterministic`, for programs of musl: they name
 * a time that they have seen (steady-clock.c), and the kernel counts by its own. For those of glibc
 * libfaketime does it.
 */
#include "steady.h"

struct time { i64 seconds; i64 fraction; };
enum { REALTIME = 0, ABSOLUTE = 1, SECOND = 1000000000 };

/* glibc alone has it. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));
extern int clock_gettime(int clock, struct time *into);

/* A condition may be of the clock that goes on, since the machine started: no time of day lies before this one, of 2001. */
static const i64 FIRST_DAY = 1000000000;

static const struct time *counted(const struct time *until, struct time *into) {
  struct time seen, true_one;
  if (until == 0 || until->seconds < FIRST_DAY || gnu_get_libc_version != 0) return until;
  clock_gettime(REALTIME, &seen);
  call(CLOCK_GETTIME, REALTIME, (i64)&true_one, 0, 0, 0, 0);
  i64 fraction = until->fraction + true_one.fraction - seen.fraction;
  i64 over = fraction < 0 ? -1 : fraction >= SECOND;
  *into = (struct time){until->seconds + true_one.seconds - seen.seconds + over, fraction - over * SECOND};
  return into;
}

#define WAITS(name, missing) \
  EXPORT int name(void *of, const struct time *until) { \
    static int (*volatile next)(void *, const struct time *); \
    struct time at; \
    if (next == 0) next = following(#name); \
    return next == 0 ? missing : next(of, counted(until, &at)); \
  }
WAITS(sem_timedwait, (int)told(-NOT_IMPLEMENTED))
WAITS(pthread_mutex_timedlock, NOT_IMPLEMENTED)
WAITS(pthread_rwlock_timedrdlock, NOT_IMPLEMENTED)
WAITS(pthread_rwlock_timedwrlock, NOT_IMPLEMENTED)
WAITS(mtx_timedlock, NOT_IMPLEMENTED)

#define WAITS_FOR(name) \
  EXPORT int name(void *condition, void *mutex, const struct time *until) { \
    static int (*volatile next)(void *, void *, const struct time *); \
    struct time at; \
    if (next == 0) next = following(#name); \
    return next == 0 ? NOT_IMPLEMENTED : next(condition, mutex, counted(until, &at)); \
  }
WAITS_FOR(pthread_cond_timedwait)
WAITS_FOR(cnd_timedwait)

EXPORT int clock_nanosleep(int clock, int flags, const struct time *until, struct time *rest) {
  static int (*volatile next)(int, int, const struct time *, struct time *);
  struct time at;
  if (next == 0) next = following("clock_nanosleep");
  return next == 0 ? NOT_IMPLEMENTED : next(clock, flags, clock == REALTIME && (flags & ABSOLUTE) != 0 ? counted(until, &at) : until, rest);
}
