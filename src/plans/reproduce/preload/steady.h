/*
 * What the libraries of this folder share. They use the kernel alone, and of the C library only what
 * glibc and musl both have: one binary for each processor. The numbers below are Linux's
 * (arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h).
 * scripts/generate-steady.mjs compiles them; a test fails while the result is not current.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef long i64;
typedef unsigned long u64;

#define EXPORT __attribute__((visibility("default")))
#define ALIAS(name, of) EXPORT __typeof__(of) name __attribute__((alias(#of)))

#if defined(__x86_64__)
enum { OPEN_AT = 257, CLOSE = 3, FSTAT = 5, STAT_AT = 262, STATX = 332, LSEEK = 8, MMAP = 9, MUNMAP = 11,
       MREMAP = 25, GETDENTS = 217, READLINK_AT = 267, MKDIR_AT = 258, GETRANDOM = 318, READ = 0, WRITE = 1,
       MEMFD_CREATE = 319, CLOCK_GETTIME = 228, GETCPU = 309, SET_AFFINITY = 203, SET_SCHEDULER = 144, GET_AFFINITY = 204,
       GETRUSAGE = 98, TIMES = 100, GETTID = 186,
       NANOSLEEP = 35, SCHED_YIELD = 24, GETPID = 39, CLONE = 56, EXIT = 60, WAIT4 = 61,
       O_DIRECTORY = 0200000 };
static inline i64 call(i64 nr, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) {
  i64 result;
  register i64 r10 __asm__("r10") = d;
  register i64 r8 __asm__("r8") = e;
  register i64 r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum { OPEN_AT = 56, CLOSE = 57, FSTAT = 80, STAT_AT = 79, STATX = 291, LSEEK = 62, MMAP = 222, MUNMAP = 215,
       MREMAP = 216, GETDENTS = 61, READLINK_AT = 78, MKDIR_AT = 34, GETRANDOM = 278, READ = 63, WRITE = 64,
       MEMFD_CREATE = 279, CLOCK_GETTIME = 113, GETCPU = 168, SET_AFFINITY = 122, SET_SCHEDULER = 119, GET_AFFINITY = 123,
       GETRUSAGE = 165, TIMES = 153, GETTID = 178,
       NANOSLEEP = 101, SCHED_YIELD = 124, GETPID = 172, CLONE = 220, EXIT = 93, WAIT4 = 260,
       O_DIRECTORY = 040000 };
static inline i64 call(i64 nr, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) {
  register i64 x8 __asm__("x8") = nr;
  register i64 x0 __asm__("x0") = a;
  register i64 x1 __asm__("x1") = b;
  register i64 x2 __asm__("x2") = c;
  register i64 x3 __asm__("x3") = d;
  register i64 x4 __asm__("x4") = e;
  register i64 x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
#endif

enum { HERE = -100, NO_FOLLOW = 0x100, O_EXCL = 0200, O_CREAT = 0100, O_NONBLOCK = 04000, O_CLOEXEC = 02000000,
       NOT_A_FOLDER = 20, INVALID = 22, EXISTS = 17, INPUT_OUTPUT = 5, NOT_IMPLEMENTED = 38 };

extern int *__errno_location(void);
/* As the C library tells of it: -1 and the error's number. */
static inline i64 told(i64 result) {
  if (result >= 0 || result < -4095) return result;
  *__errno_location() = (int)-result;
  return -1;
}

static inline void *memory(i64 size) {
  return (void *)call(MMAP, 0, size, 3 /* read, write */, 0x4022 /* private, anonymous, no reserve */, -1, 0);
}
static inline int failed(const void *place) { return (u64)place > -4096UL; }

static inline int same(const char *a, const char *b) {
  while (*a != 0 && *a == *b) a++, b++;
  return *a == *b;
}

/* Whether this program is one of `names`, each between spaces; `unknown` where that cannot be asked. */
static inline int runs_one_of(const char *names, int unknown) {
  char path[512];
  i64 length = call(READLINK_AT, HERE, (i64) "/proc/self/exe", (i64)path, sizeof path - 1, 0, 0);
  if (length <= 0) return unknown;
  i64 from = length;
  while (from > 0 && path[from - 1] != '/') from--;
  i64 size = length - from;
  for (const char *word = names; *word != 0; word++) {
    if (*word != ' ') continue;
    i64 i = 0;
    while (i < size && word[1 + i] == path[from + i]) i++;
    if (i == size && word[1 + i] == ' ') return 1;
  }
  return 0;
}

extern char **environ;

/* The value of FAKERANDOM_SEED; 0 where there is none. */
static inline const char *asked_seed(void) {
  static const char NAME[] = "FAKERANDOM_SEED=";
  for (char **one = environ; one != 0 && *one != 0; one++) {
    i64 i = 0;
    while (NAME[i] != 0 && (*one)[i] == NAME[i]) i++;
    if (NAME[i] == 0 && (*one)[i] != 0) return *one + i;
  }
  return 0;
}
