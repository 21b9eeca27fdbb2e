/*
 * What the libraries of this folder share. They use the kernel alone, and of the C library only what
 * glibc and musl both have: one binary for each processor. The numbers below are Linux's
 * (arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h).
 * The Makefile compiles them; a test fails while the result is not current.
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

static inline u64 mixed(u64 x) {
  /* splitmix64 */
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
  x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
  return x ^ x >> 31;
}
static inline u64 hash_of(const char *text) {
  u64 hash = 0xcbf29ce484222325UL;
  while (*text != 0) hash = (hash ^ (u8)*text++) * 0x100000001b3UL;
  return hash;
}

/* elf(5) */
enum { LOAD = 1 };
struct segment { u32 type, flags; u64 offset, address, physical, in_file, in_memory, align; };
struct symbol { u32 name; u8 info, other; u16 section; u64 value, size; };

/* The words behind the environment (getauxval(3)), until one of AUX_END. */
enum { AUX_END = 0, AUX_IGNORE = 1, AUX_PHDR = 3, AUX_BASE = 7, AUX_ENTRY = 9, AUX_PLATFORM = 15, AUX_SECURE = 23, AUX_BASE_PLATFORM = 24, AUX_RANDOM = 25, AUX_EXECFN = 31, AUX_VDSO = 33 };
struct auxiliary { u64 type, value; };
/* A loader that leaves out variables, in a program that gives rights, has more than one 0 after them. */
static inline struct auxiliary *behind(char **variables) {
  while (*variables != 0) variables++;
  while (*variables == 0) variables++;
  return (struct auxiliary *)variables;
}

/* AUX_RANDOM names the bytes that each program begins with: by them Go orders its maps. */
struct begun_with { u64 bytes[2]; };
static inline struct begun_with beginning_of(const char *seed) {
  u64 hash = hash_of(seed);
  return (struct begun_with){{mixed(hash), mixed(hash + 1)}};
}

/* The value of FAKERANDOM_SEED in `variables`; 0 where there is none. */
static inline const char *seed_in(char **variables) {
  static const char NAME[] = "FAKERANDOM_SEED=";
  for (char **one = variables; one != 0 && *one != 0; one++) {
    i64 i = 0;
    while (NAME[i] != 0 && (*one)[i] == NAME[i]) i++;
    if (NAME[i] == 0 && (*one)[i] != 0) return *one + i;
  }
  return 0;
}

extern char **environ;
/* Of glibc alone, which hands the words of the command to a library that begins. What began before it may have moved `environ`. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));
static inline char **first_variables(char **handed) { return gnu_get_libc_version == 0 ? environ : handed; }
static inline const char *asked_seed(void) { return seed_in(environ); }
