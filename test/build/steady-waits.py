# Prints whether a wait until 0.2 s from now ended by then, and not before.
import ctypes as c, os, sys, threading, time
libc = c.CDLL(None, use_errno=True)
class T(c.Structure): _fields_ = [('s', c.c_long), ('n', c.c_long)]
room = lambda: c.create_string_buffer(128)
def mutex():
  one = room(); libc.pthread_mutex_init(one, None)
  return one
def until(clock): ns = time.clock_gettime_ns(clock) + 200000000; return c.byref(T(ns // 10**9, ns % 10**9))
def timer(): return (T * 2)(T(0, 0), until(0)._obj)
def condition(clock=None):
  with_, one, lock = room(), room(), mutex()
  libc.pthread_condattr_init(with_)
  if clock is not None: libc.pthread_condattr_setclock(with_, clock)
  libc.pthread_cond_init(one, with_); libc.pthread_mutex_lock(lock)
  return one, lock
def written():
  one = room(); libc.pthread_rwlock_init(one, None); libc.pthread_rwlock_wrlock(one); return one
def locked():
  one = mutex(); libc.pthread_mutex_lock(one); return one
def in_thread(wait):
  ended = []
  other = threading.Thread(target=lambda: ended.append(wait())); other.start(); other.join()
  return ended[0]
def semaphore():
  one = room(); libc.sem_init(one, 0, 0); return one
def posix_timer():
  made = c.c_void_p(); libc.timer_create(0, c.byref((c.c_int * 16)(0, 0, 0, 1)), c.byref(made))
  libc.timer_settime(made, 1, timer(), None)
  left = (T * 2)()
  while True:
    libc.timer_gettime(made, left)
    if left[1].s == 0 and left[1].n == 0: return
    time.sleep(0.01)
def timerfd(clock):
  file = libc.timerfd_create(clock, 0)
  libc.timerfd_settime(file, 1, (T * 2)(T(0, 0), until(clock)._obj), None); os.read(file, 8)
waits = {
  'pthread_cond_timedwait': lambda: libc.pthread_cond_timedwait(*condition(), until(0)),
  'pthread_cond_timedwait, monotonic': lambda: libc.pthread_cond_timedwait(*condition(1), until(1)),
  'pthread_cond_clockwait': lambda: libc.pthread_cond_clockwait(*condition(), 0, until(0)),
  'pthread_cond_clockwait, monotonic': lambda: libc.pthread_cond_clockwait(*condition(), 1, until(1)),
  'pthread_mutex_timedlock': lambda: (lambda one: in_thread(lambda: libc.pthread_mutex_timedlock(one, until(0))))(locked()),
  'pthread_mutex_clocklock': lambda: (lambda one: in_thread(lambda: libc.pthread_mutex_clocklock(one, 0, until(0))))(locked()),
  'pthread_rwlock_timedrdlock': lambda: (lambda one: in_thread(lambda: libc.pthread_rwlock_timedrdlock(one, until(0))))(written()),
  'pthread_rwlock_timedwrlock': lambda: (lambda one: in_thread(lambda: libc.pthread_rwlock_timedwrlock(one, until(0))))(written()),
  'pthread_rwlock_clockrdlock': lambda: (lambda one: in_thread(lambda: libc.pthread_rwlock_clockrdlock(one, 0, until(0))))(written()),
  'pthread_rwlock_clockwrlock': lambda: (lambda one: in_thread(lambda: libc.pthread_rwlock_clockwrlock(one, 0, until(0))))(written()),
  'sem_timedwait': lambda: libc.sem_timedwait(semaphore(), until(0)),
  'sem_clockwait': lambda: libc.sem_clockwait(semaphore(), 0, until(0)),
  'mtx_timedlock': lambda: (lambda one: in_thread(lambda: libc.mtx_timedlock(one, until(0))))(locked()),
  'cnd_timedwait': lambda: libc.cnd_timedwait(*condition(), until(0)),
  'clock_nanosleep': lambda: libc.clock_nanosleep(0, 1, until(0), None),
  'clock_nanosleep, monotonic': lambda: libc.clock_nanosleep(1, 1, until(1), None),
  'clock_nanosleep, of a length': lambda: libc.clock_nanosleep(0, 0, c.byref(T(0, 200000000)), None),
  'timer_settime': posix_timer,
  'timerfd_settime': lambda: timerfd(0),
  'timerfd_settime, monotonic': lambda: timerfd(1),
}
for name, wait in waits.items():
  begun = time.monotonic(); wait(); print(name, 0.19 < time.monotonic() - begun < 3)
