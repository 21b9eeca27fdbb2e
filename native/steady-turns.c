/*
 * The order in which Node.js hears of its files, in a RUN of `--repro=deterministic`. It reads
 * them in other threads, and goes round: what was read, then timers, then what was put off. Whether
 * a file has been read in time for this round or comes in the next depends on the machine. So each
 * round waits until its threads have nothing left to do: all wait for a condition.
 *
 * Where they work for longer than a tenth of a second, the round goes on; after three such, none
 * waits: a thread may itself wait for what the round is to bring.
 *
 * A thread that is made runs before what made it goes on, in any program.
 */
#include "steady.h"
#include "steady-following.h"

/* Written by the host into its copy of this file: steady-library.ts. */
static volatile const struct {
  char mark[16];
  i64 waits;
} SETTINGS = {"SCOVILLE-STEADY", 0};

static int is_node(void) {
  static volatile int known = -1;
  if (known < 0) known = SETTINGS.waits && runs_one_of(" node nodejs ", 0);
  return known;
}

enum { PLACES = 256, TRIES = 8 * 2000, TRY_NANOSECONDS = 50000, MOST_FAILURES = 3 };
struct condition { void *of; int waiting, woken; };
static struct condition conditions[PLACES];
/* Threads that were woken and do not wait again yet. */
static i64 awake[PLACES];
static int working, locked, failures;

static void lock(void) {
  while (__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE)) call(SCHED_YIELD, 0, 0, 0, 0, 0, 0);
}
static void unlock(void) { __atomic_store_n(&locked, 0, __ATOMIC_RELEASE); }

static i64 thread(void) { return call(GETTID, 0, 0, 0, 0, 0, 0); }
static int is_first(i64 one) { return one == call(GETPID, 0, 0, 0, 0, 0, 0); }

/* 0 where there are too many. */
static struct condition *found(void *of) {
  u64 at = ((u64)of >> 3) * 0x9e3779b97f4a7c15UL >> 56;
  for (int tries = 0; tries < PLACES; tries++, at = (at + 1) % PLACES) {
    if (conditions[at].of == 0) conditions[at].of = of;
    if (conditions[at].of == of) return conditions + at;
  }
  return 0;
}

/* Puts `to` where `from` stands. */
static int replaced(i64 from, i64 to) {
  for (int i = 0; i < PLACES; i++)
    if (awake[i] == from) return awake[i] = to, 1;
  return 0;
}

EXPORT int pthread_cond_wait(void *condition, void *mutex) {
  static int (*volatile next)(void *, void *);
  if (next == 0) next = following("pthread_cond_wait");
  if (next == 0) return NOT_IMPLEMENTED;
  i64 own = is_node() ? thread() : 0;
  if (own == 0 || is_first(own)) return next(condition, mutex);
  lock();
  if (replaced(own, 0)) working--;
  struct condition *one = found(condition);
  if (one != 0) one->waiting++;
  unlock();
  int result = next(condition, mutex);
  lock();
  if (one != 0) {
    one->waiting--;
    /* Else nobody woke it. */
    if (one->woken > 0) one->woken--;
    else working++;
    if (!replaced(0, own)) working--;
  }
  unlock();
  return result;
}

/* From when they are woken, threads work. */
static void wake(void *condition, int most) {
  if (!is_node()) return;
  lock();
  struct condition *one = found(condition);
  for (; one != 0 && most > 0 && one->waiting > one->woken; most--) one->woken++, working++;
  unlock();
}

EXPORT int pthread_cond_signal(void *condition) {
  static int (*volatile next)(void *);
  if (next == 0) next = following("pthread_cond_signal");
  wake(condition, 1);
  return next == 0 ? NOT_IMPLEMENTED : next(condition);
}

EXPORT int pthread_cond_broadcast(void *condition) {
  static int (*volatile next)(void *);
  if (next == 0) next = following("pthread_cond_broadcast");
  wake(condition, PLACES);
  return next == 0 ? NOT_IMPLEMENTED : next(condition);
}

/* A thread that is made runs first, until it waits or for these two thousandths of a second. */
EXPORT int pthread_create(void *made, const void *attributes, void *(*function)(void *), void *argument) {
  static int (*volatile next)(void *, const void *, void *(*)(void *), void *);
  if (next == 0) next = following("pthread_create");
  if (next == 0) return NOT_IMPLEMENTED;
  int result = next(made, attributes, function, argument);
  const i64 time[2] = {0, 1000000};
  for (int i = 0; i < 2 && result == 0 && SETTINGS.waits; i++) call(NANOSLEEP, (i64)time, 0, 0, 0, 0, 0);
  return result;
}

static void wait_for_threads(void) {
  if (failures >= MOST_FAILURES || !is_node() || !is_first(thread())) return;
  const i64 time[2] = {0, TRY_NANOSECONDS};
  for (int tries = 0; tries < TRIES; tries++) {
    if (__atomic_load_n(&working, __ATOMIC_RELAXED) <= 0) return;
    if (tries % 8 != 7) call(SCHED_YIELD, 0, 0, 0, 0, 0, 0);
    else call(NANOSLEEP, (i64)time, 0, 0, 0, 0, 0);
  }
  failures++;
}

EXPORT int epoll_pwait(int file, void *events, int most, int timeout, const void *signals) {
  static int (*volatile next)(int, void *, int, int, const void *);
  if (next == 0) next = following("epoll_pwait");
  wait_for_threads();
  return next == 0 ? (int)told(-NOT_IMPLEMENTED) : next(file, events, most, timeout, signals);
}

EXPORT int epoll_wait(int file, void *events, int most, int timeout) {
  static int (*volatile next)(int, void *, int, int);
  if (next == 0) next = following("epoll_wait");
  wait_for_threads();
  return next == 0 ? (int)told(-NOT_IMPLEMENTED) : next(file, events, most, timeout);
}
