/*
 * Programs that are linked statically load no library: what starts one, in a RUN of
 * `--repro=deterministic`, starts steady-run.c with it instead, which lies beside this library.
 * Functions of exec(3) and posix_spawn(3); what they run otherwise, they run as before.
 */
#include "steady.h"
#include "steady-following.h"

#if defined(__x86_64__)

static const char RUNNER[] = "/.scoville-clock/scoville-run";
enum { ACCESS_AT = 269, PREAD = 17, MAY_RUN = 1, INTERPRETER = 3, PROCESSOR = 62, SET_IDS = 06000, LONGEST = 4096, MOST_SEGMENTS = 32 };
typedef char *const *list;

static int (*run_plainly)(const char *, list, list);
static int (*run_named)(const char *, list, list);
static int (*spawn_plainly)(int *, const char *, const void *, const void *, list, list);
static int (*spawn_named)(int *, const char *, const void *, const void *, list, list);

/* Before a fork, after which nothing may be looked up. */
__attribute__((constructor)) static void start(void) {
  run_plainly = following("execve");
  run_named = following("execvpe");
  spawn_plainly = following("posix_spawn");
  spawn_named = following("posix_spawnp");
}

static int may_run(const char *path) { return call(ACCESS_AT, HERE, (i64)path, MAY_RUN, 0, 0, 0) == 0; }

/* One that can be run as it is, of this processor, without an interpreter. A program that gives rights does not when it is traced. */
static int is_static(const char *path) {
  u32 status[64];
  u8 header[64], segments[MOST_SEGMENTS * 56];
  if (path == 0 || !may_run(path) || !may_run(RUNNER)) return 0;
  i64 file = call(OPEN_AT, HERE, (i64)path, O_CLOEXEC | O_NONBLOCK, 0, 0, 0), size = 0;
  if (file < 0) return 0;
  int is_program = call(PREAD, file, (i64)header, sizeof header, 0, 0, 0) == sizeof header && *(u32 *)header == 0x464c457f &&
                   header[4] == 2 && *(u16 *)(header + 18) == PROCESSOR && *(u16 *)(header + 56) <= MOST_SEGMENTS &&
                   call(FSTAT, file, (i64)status, 0, 0, 0, 0) == 0 && (status[6] & SET_IDS) == 0;
  if (is_program) size = call(PREAD, file, (i64)segments, *(u16 *)(header + 56) * 56, *(i64 *)(header + 32), 0, 0);
  call(CLOSE, file, 0, 0, 0, 0, 0);
  for (i64 at = 0; at + 56 <= size; at += 56)
    if (*(u32 *)(segments + at) == INTERPRETER) return 0;
  return size > 0;
}

/* What `name` is by PATH, in `room`, where that is linked statically; 0 where it is not. */
static const char *static_named(const char *name, char *room) {
  const char *path = 0;
  for (const char *at = name; name != 0 && *at != 0; at++)
    if (*at == '/') return is_static(name) ? name : 0;
  for (char **one = environ; name != 0 && *name != 0 && one != 0 && *one != 0; one++)
    if ((*one)[0] == 'P' && (*one)[1] == 'A' && (*one)[2] == 'T' && (*one)[3] == 'H' && (*one)[4] == '=') path = *one + 5;
  while (path != 0 && *path != 0) {
    i64 length = 0;
    while (*path != 0 && *path != ':' && length < LONGEST - 2) room[length++] = *path++;
    if (length > 0) room[length++] = '/';
    for (const char *from = name; *from != 0 && length < LONGEST - 1; from++) room[length++] = *from;
    room[length] = 0;
    if (may_run(room)) return is_static(room) ? room : 0;
    if (*path == ':') path++;
  }
  return 0;
}

static u64 count_of(list words) {
  u64 count = 0;
  while (words != 0 && words[count] != 0) count++;
  return count;
}

static void fill(const char **into, const char *path, list words, u64 count) {
  into[0] = RUNNER;
  into[1] = path;
  for (u64 i = 0; i < count; i++) ((const char *volatile *)into)[2 + i] = words[i];
  into[2 + count] = 0;
}

static int run(const char *path, list words, list variables) {
  if (run_plainly == 0) return (int)told(-NOT_IMPLEMENTED);
  u64 count = count_of(words);
  const char *longer[count + 3];
  if (count == 0) return run_plainly(path, words, variables);
  fill(longer, path, words, count);
  return run_plainly(RUNNER, (list)longer, variables);
}

EXPORT int execve(const char *path, list words, list variables) {
  if (is_static(path)) return run(path, words, variables);
  return run_plainly == 0 ? (int)told(-NOT_IMPLEMENTED) : run_plainly(path, words, variables);
}
EXPORT int execv(const char *path, list words) { return execve(path, words, environ); }
EXPORT int execvpe(const char *name, list words, list variables) {
  char room[LONGEST];
  const char *path = static_named(name, room);
  if (path != 0) return run(path, words, variables);
  return run_named == 0 ? (int)told(-NOT_IMPLEMENTED) : run_named(name, words, variables);
}
EXPORT int execvp(const char *name, list words) { return execvpe(name, words, environ); }

static int spawn(int *made, const char *path, const void *actions, const void *attributes, list words, list variables) {
  u64 count = count_of(words);
  const char *longer[count + 3];
  fill(longer, path, words, count);
  return spawn_plainly(made, RUNNER, actions, attributes, (list)longer, variables);
}

/* An action may be another folder, from which a path that does not begin with / leads elsewhere. */
EXPORT int posix_spawn(int *made, const char *path, const void *actions, const void *attributes, list words, list variables) {
  if (spawn_plainly == 0) return NOT_IMPLEMENTED;
  if ((actions == 0 || *path == '/') && words != 0 && words[0] != 0 && is_static(path)) return spawn(made, path, actions, attributes, words, variables);
  return spawn_plainly(made, path, actions, attributes, words, variables);
}
EXPORT int posix_spawnp(int *made, const char *name, const void *actions, const void *attributes, list words, list variables) {
  char room[LONGEST];
  const char *path = static_named(name, room);
  if (spawn_plainly == 0 || spawn_named == 0) return NOT_IMPLEMENTED;
  if (path != 0 && (actions == 0 || *path == '/') && words != 0 && words[0] != 0) return spawn(made, path, actions, attributes, words, variables);
  return spawn_named(made, name, actions, attributes, words, variables);
}

#else
/* For the other processor there is no steady-run.c. */
EXPORT int *scoville_no_exec(void) { return __errno_location(); }
#endif
