/*
 * Waiting until a time of day (steady-clock.c): the kernel waits by the true clock, so that a time
 * by the other is replaced by one as far off. A condition and a timer have their clock from their
 * start, and the call does not show which: it is taken to be the one whose time is nearer.
 */
enum { ABSOLUTE = 1 };
typedef const struct time *deadline;

static i64 distance(i64 one, i64 other) { return one < other ? other - one : one - other; }

/* Where `until` is of the time of day, the same by the true clock, in `room`. */
static deadline truly(deadline until, struct time *room) {
  struct time now = day(1000000000);
  if (until == 0 || distance(until->seconds, true_time(1).seconds) < distance(until->seconds, now.seconds)) return until;
  struct time left = since(*until, now), start = true_time(0);
  i64 fraction = start.fraction + left.fraction, more = fraction >= 1000000000;
  i64 seconds;
  /* Never is as it was. */
  if (__builtin_add_overflow(start.seconds + more, left.seconds, &seconds)) return until;
  *room = (struct time){seconds, fraction - more * 1000000000};
  return room;
}

/* musl waits by the time that the page below tells it. */
static deadline of_lock(deadline until, struct time *room) { return gnu_get_libc_version == 0 ? until : truly(until, room); }
static int of_day(int clock) { return clock == 0 || clock == 11; }

/* `name` with the last of its arguments as the true clock has it; `otherwise` where there is no such function. */
#define WAIT(name, by, otherwise, arguments, ...)                             \
  EXPORT int name arguments {                                                 \
    static int(*volatile next) arguments;                                     \
    struct time room;                                                         \
    if (next == 0) next = following(#name);                                   \
    return next == 0 ? otherwise : next(__VA_ARGS__, by);                     \
  }
#define NONE (int)told(-NOT_IMPLEMENTED)

WAIT(pthread_cond_timedwait, of_lock(until, &room), NOT_IMPLEMENTED, (void *of, void *lock, deadline until), of, lock)
WAIT(pthread_mutex_timedlock, of_lock(until, &room), NOT_IMPLEMENTED, (void *of, deadline until), of)
WAIT(pthread_rwlock_timedrdlock, of_lock(until, &room), NOT_IMPLEMENTED, (void *of, deadline until), of)
WAIT(pthread_rwlock_timedwrlock, of_lock(until, &room), NOT_IMPLEMENTED, (void *of, deadline until), of)
WAIT(pthread_timedjoin_np, of_lock(until, &room), NOT_IMPLEMENTED, (void *of, void **into, deadline until), of, into)
WAIT(cnd_timedwait, of_lock(until, &room), 2 /* thrd_error */, (void *of, void *lock, deadline until), of, lock)
WAIT(mtx_timedlock, of_lock(until, &room), 2, (void *of, deadline until), of)
WAIT(sem_timedwait, of_lock(until, &room), NONE, (void *of, deadline until), of)
WAIT(mq_timedsend, truly(until, &room), NONE, (int to, const char *text, u64 size, u32 rank, deadline until), to, text, size, rank)

#define BY_CLOCK (of_day(clock) ? of_lock(until, &room) : until)
WAIT(pthread_cond_clockwait, BY_CLOCK, NOT_IMPLEMENTED, (void *of, void *lock, int clock, deadline until), of, lock, clock)
WAIT(pthread_mutex_clocklock, BY_CLOCK, NOT_IMPLEMENTED, (void *of, int clock, deadline until), of, clock)
WAIT(pthread_rwlock_clockrdlock, BY_CLOCK, NOT_IMPLEMENTED, (void *of, int clock, deadline until), of, clock)
WAIT(pthread_rwlock_clockwrlock, BY_CLOCK, NOT_IMPLEMENTED, (void *of, int clock, deadline until), of, clock)
WAIT(pthread_clockjoin_np, BY_CLOCK, NOT_IMPLEMENTED, (void *of, void **into, int clock, deadline until), of, into, clock)
WAIT(sem_clockwait, BY_CLOCK, NONE, (void *of, int clock, deadline until), of, clock)

EXPORT i64 mq_timedreceive(int from, char *text, u64 size, u32 *rank, deadline until) {
  static i64 (*volatile next)(int, char *, u64, u32 *, deadline);
  struct time room;
  if (next == 0) next = following("mq_timedreceive");
  return next == 0 ? NONE : next(from, text, size, rank, truly(until, &room));
}

EXPORT int clock_nanosleep(int clock, int flags, deadline until, struct time *left) {
  static int (*volatile next)(int, int, deadline, struct time *);
  struct time room;
  if (next == 0) next = following("clock_nanosleep");
  if (next == 0) return NOT_IMPLEMENTED;
  return next(clock, flags, (flags & ABSOLUTE) && of_day(clock) ? truly(until, &room) : until, left);
}

/* A time of 0 stops a timer. */
struct timer { struct time every, until; };
#define TIMER(name, kind)                                                            \
  EXPORT int name(kind of, int flags, const struct timer *to, struct timer *was) {   \
    static int (*volatile next)(kind, int, const struct timer *, struct timer *);    \
    struct timer moved;                                                              \
    struct time room;                                                                \
    if (next == 0) next = following(#name);                                          \
    if (to != 0 && (flags & ABSOLUTE) && (to->until.seconds | to->until.fraction)) { \
      moved = (struct timer){to->every, *truly(&to->until, &room)};                  \
      to = &moved;                                                                   \
    }                                                                                \
    return next == 0 ? NONE : next(of, flags, to, was);                              \
  }
TIMER(timer_settime, void *)
TIMER(timerfd_settime, int)
