/*
 * Starts a program that is linked statically so that it sees the recorded time. It asks functions of
 * the kernel that lie in its memory (vDSO). A tracer follows it and what it starts, and stops them at
 * fork and exec alone: where a program without an interpreter begins, it writes other code over these
 * functions, for a clock that stands still; with a seed, also over the random bytes that it begins
 * with. What has an interpreter loads our libraries and is let go, so that strace, gdb and sanitizers
 * can trace it. x86-64 alone; steady-exec.c calls it.
 *
 *   steady-run PROGRAM ARGV0 ARGUMENTS...
 */
#include "steady.h"

static volatile const struct {
  char mark[16];
  i64 start;
} SETTINGS = {"SCOVILLE-STEADY", 0};

#if defined(__x86_64__)

enum { EXECVE = 59, PTRACE = 101, PIPE2 = 293, SETSID = 112, CLOSE_RANGE = 436, PWRITE = 18, SIGPROCMASK = 14, EXIT_GROUP = 231, PRCTL = 157 };
enum { SET_TRACER = 0x59616d61, NOT_FOUND = 127 };
enum { CONT = 7, DETACH = 17, SEIZE = 0x4206, LISTEN = 0x4208 };
enum { FOLLOWED = 2 /* fork */ | 4 /* vfork */ | 8 /* clone */ | 16 /* exec */ };
enum { EVENT_EXEC = 4, EVENT_STOP = 128, ANY_KIND = 0x40000000 };

extern const u8 clock_code[], clock_start[], clock_end[], day_code[], day_start[], day_end[], time_code[], time_start[], time_end[];
__asm__(
  ".pushsection .rodata\n"
  "clock_code: test %edi, %edi\n je 1f\n cmp $5, %edi\n je 1f\n cmp $11, %edi\n je 1f\n"
  " mov $228, %eax\n syscall\n ret\n"
  "1: mov clock_start(%rip), %rax\n mov %rax, (%rsi)\n movq $0, 8(%rsi)\n xor %eax, %eax\n ret\n"
  "clock_start: .quad 0\nclock_end:\n"
  "day_code: test %rdi, %rdi\n je 1f\n mov day_start(%rip), %rax\n mov %rax, (%rdi)\n movq $0, 8(%rdi)\n"
  "1: test %rsi, %rsi\n je 1f\n movq $0, (%rsi)\n1: xor %eax, %eax\n ret\nday_start: .quad 0\nday_end:\n"
  "time_code: mov time_start(%rip), %rax\n test %rdi, %rdi\n je 1f\n mov %rax, (%rdi)\n1: ret\ntime_start: .quad 0\ntime_end:\n"
  ".popsection\n"
  ".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");

enum { MOST_CODES = 3, DYNAMIC_SYMBOLS = 11 };
static const struct { const char *name; const u8 *code, *start, *end; } CODES[MOST_CODES] = {
  {"__vdso_clock_gettime", clock_code, clock_start, clock_end},
  {"__vdso_gettimeofday", day_code, day_start, day_end},
  {"__vdso_time", time_code, time_start, time_end},
};

struct section { u32 name, type; u64 flags, address, offset, size; u32 link, info; u64 align, entry; };

/* The functions lie at the same places of each process's own copy, which begins elsewhere. */
static u64 places[MOST_CODES];
static int finds_places(const u8 *vdso) {
  u64 missing = MOST_CODES;
  if (vdso == 0) return 0;
  const struct section *sections = (const struct section *)(vdso + *(u64 *)(vdso + 40));
  for (u16 i = 0; i < *(u16 *)(vdso + 60); i++) {
    if (sections[i].type != DYNAMIC_SYMBOLS) continue;
    const struct symbol *symbols = (const struct symbol *)(vdso + sections[i].offset);
    const char *names = (const char *)vdso + sections[sections[i].link].offset;
    for (u64 s = 0; s < sections[i].size / sizeof *symbols; s++)
      for (u64 c = 0; c < MOST_CODES; c++)
        if (same(names + symbols[s].name, CODES[c].name) && (u64)(CODES[c].end - CODES[c].code) <= symbols[s].size) places[c] = symbols[s].value, missing--;
  }
  return missing == 0;
}

static u64 auxiliary(const u64 *from, u64 type) {
  for (; *from != 0; from += 2)
    if (*from == type) return from[1];
  return 0;
}

static i64 opened(i64 process, const char *name, int flags) {
  char path[32] = "/proc/";
  int at = 6, digits = 1;
  for (i64 rest = process; rest >= 10; rest /= 10) digits++;
  for (int i = digits - 1; i >= 0; i--, process /= 10) path[at + i] = (char)('0' + process % 10);
  for (at += digits; (path[at] = *name) != 0; at++, name++);
  return call(OPEN_AT, HERE, (i64)path, flags | O_CLOEXEC, 0, 0, 0);
}

/* 0 where numbers are random. */
static const char *seed;

/* Whether it is followed on. */
static int begins(i64 process) {
  u64 words[128] = {0};
  i64 file = opened(process, "/auxv", 0);
  call(READ, file, (i64)words, sizeof words - 16, 0, 0, 0);
  call(CLOSE, file, 0, 0, 0, 0, 0);
  if (auxiliary(words, AUX_BASE) != 0) return 0;
  u64 base = auxiliary(words, AUX_VDSO);
  i64 memory = opened(process, "/mem", 2);
  i64 start = SETTINGS.start;
  if (seed != 0) {
    struct begun_with bytes = beginning_of(seed);
    call(PWRITE, memory, (i64)&bytes, sizeof bytes, (i64)auxiliary(words, AUX_RANDOM), 0, 0);
  }
  for (int i = 0; i < MOST_CODES && base != 0 && memory >= 0; i++) {
    u64 place = base + places[i];
    call(PWRITE, memory, (i64)CODES[i].code, CODES[i].end - CODES[i].code, (i64)place, 0, 0);
    call(PWRITE, memory, (i64)&start, sizeof start, (i64)place + (CODES[i].start - CODES[i].code), 0, 0);
  }
  call(CLOSE, memory, 0, 0, 0, 0, 0);
  return 1;
}

static void follow(i64 process, int ready) {
  u64 all = ~0UL;
  call(SIGPROCMASK, 0, (i64)&all, 0, 8, 0, 0);
  call(SETSID, 0, 0, 0, 0, 0, 0);
  if (ready > 0) call(CLOSE_RANGE, 0, ready - 1, 0, 0, 0, 0);
  call(CLOSE_RANGE, ready + 1, ~0U, 0, 0, 0, 0);
  if (call(PTRACE, SEIZE, process, 0, FOLLOWED, 0, 0) < 0) return;
  call(WRITE, ready, (i64)"", 1, 0, 0, 0);
  call(CLOSE, ready, 0, 0, 0, 0, 0);
  i64 one;
  int status;
  while ((one = call(WAIT4, -1, (i64)&status, ANY_KIND, 0, 0, 0)) > 0) {
    if ((status & 0xff) != 0x7f) continue;
    int signal = status >> 8 & 0xff, event = status >> 16, how = CONT;
    if (event == EVENT_EXEC && !begins(one)) how = DETACH;
    if (event == EVENT_STOP && signal != 5) how = LISTEN;
    call(PTRACE, how, one, 0, event == 0 ? signal : 0, 0, 0);
  }
}

static void say(const char *text) {
  i64 length = 0;
  while (text[length] != 0) length++;
  call(WRITE, 2, (i64)text, length, 0, 0, 0);
}

void begin(i64 *stack) {
  char **words = (char **)(stack + 1), **variables = words + stack[0] + 1, **last = variables, byte;
  int ends[2], is_followed = 0;
  if (stack[0] < 3) call(EXIT_GROUP, NOT_FOUND, 0, 0, 0, 0, 0);
  seed = seed_in(variables);
  while (*last != 0) last++;
  if (finds_places((const u8 *)auxiliary((u64 *)(last + 1), AUX_VDSO)) && call(PIPE2, (i64)ends, O_CLOEXEC, 0, 0, 0, 0) >= 0) {
    /* Where only a parent may trace, anybody may: the tracer is not one. */
    call(PRCTL, SET_TRACER, -1, 0, 0, 0, 0);
    i64 own = call(GETPID, 0, 0, 0, 0, 0, 0);
    /* A child whose end sends no signal: the program does not find it when it waits for its own. */
    if (call(CLONE, 0, 0, 0, 0, 0, 0) == 0) {
      follow(own, ends[1]);
      call(EXIT_GROUP, 0, 0, 0, 0, 0, 0);
    }
    call(CLOSE, ends[1], 0, 0, 0, 0, 0);
    is_followed = call(READ, ends[0], (i64)&byte, 1, 0, 0, 0) == 1;
  }
  if (!is_followed) say("scoville: "), say(words[1]), say(" sees the machine's clock: it cannot be traced here\n");
  i64 result = call(EXECVE, (i64)words[1], (i64)(words + 2), (i64)variables, 0, 0, 0);
  call(EXIT_GROUP, result == -2 ? NOT_FOUND : NOT_FOUND - 1, 0, 0, 0, 0, 0);
}

#else
/* For the other processor there is none. */
void _start(void) { call(EXIT, 1, 0, 0, 0, 0, 0); }
#endif
