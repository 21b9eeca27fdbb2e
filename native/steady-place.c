/*
 * Where a program of a RUN of `--repro=deterministic` lies in memory: at the same addresses each
 * time. The kernel places programs at random, and what would have it not do so, personality(2), is
 * forbidden to containers. So this starts the program once more in the same process, before any of
 * its own code runs: it maps the program, its loader and a stack where they always are, as
 * execve(2) does, and jumps into the loader. What is free above a line is taken first, so that the
 * kernel maps libraries and memory below it; a page after the heap has malloc(3) map its memory too.
 * What was mapped before stays and is not used. Where any of it cannot be done, nothing is.
 *
 * Structures are those of elf(5). x86-64 alone.
 */
#include "steady.h"

/* Written by the host into its copy of this file: steady-library.ts. */
static volatile const struct {
  char mark[16];
  i64 places;
} SETTINGS = {"SCOVILLE-STEADY", 0};

#if defined(__x86_64__)

/* The kernel maps programs above the first, libraries above the second; above the third where vm.mmap_rnd_bits is 32. Sanitizers allow all of them. */
static const u64 PROGRAM = 0x550000000000, LINE = 0x7ef000000000, LOW_LINE = 0x6ff000000000;
/* A stack begins here and grows down, as far as setrlimit(2) lets it. Neither the kernel nor a program maps anything near it. */
static const u64 STACK = 0x552000000000;
enum { PAGE = 4096, MOST_SEGMENTS = 32, FIXED = 0x10, FIXED_NO_REPLACE = 0x100000, ANONYMOUS = 0x22, NO_RESERVE = 0x4000, GROWS_DOWN = 0x100 };
enum { BRK = 12, RSEQ = 334, PREAD = 17 };

struct header { u8 ident[16]; u16 type, machine; u32 version; u64 entry, segments, sections; u32 flags; u16 size, segment_size, count, rest[3]; };
enum { INTERPRETER = 3, PROGRAM_FIXED = 2, PROGRAM_MOVES = 3 };

struct program { i64 file; struct header header; struct segment segments[MOST_SEGMENTS]; u64 base, low, high; };

static u64 down(u64 at) { return at & ~(u64)(PAGE - 1); }
static u64 up(u64 at) { return down(at + PAGE - 1); }
static u64 map(u64 at, u64 size, int protection, int flags, i64 file, u64 offset) {
  return (u64)call(MMAP, (i64)at, (i64)size, protection, flags, file, (i64)offset);
}
static int is_error(u64 place) { return place > -4096UL; }
static int is_taken(u64 at, u64 size) { return map(at, size, 0, ANONYMOUS | NO_RESERVE | FIXED_NO_REPLACE, -1, 0) != at; }

/* True where it can be read, and is what this maps. */
static int opens(struct program *of, const char *path) {
  of->file = call(OPEN_AT, HERE, (i64)path, O_CLOEXEC, 0, 0, 0);
  if (of->file < 0 || call(PREAD, of->file, (i64)&of->header, sizeof of->header, 0, 0, 0) != sizeof of->header) return 0;
  const struct header *header = &of->header;
  if (header->count > MOST_SEGMENTS || header->segment_size != sizeof *of->segments || (header->type != PROGRAM_FIXED && header->type != PROGRAM_MOVES)) return 0;
  i64 size = header->count * (i64)sizeof *of->segments;
  if (call(PREAD, of->file, (i64)of->segments, size, (i64)header->segments, 0, 0) != size) return 0;
  of->low = ~0UL;
  for (int i = 0; i < header->count; i++) {
    const struct segment *one = of->segments + i;
    if (one->type != LOAD) continue;
    if (one->address < of->low) of->low = down(one->address);
    if (one->address + one->in_memory > of->high) of->high = up(one->address + one->in_memory);
  }
  return of->low < of->high;
}

/* Maps what is loaded, at its base, over what is there. */
static int maps(const struct program *of) {
  for (int i = 0; i < of->header.count; i++) {
    const struct segment *one = of->segments + i;
    if (one->type != LOAD) continue;
    u64 at = of->base + one->address, end = at + one->in_file, last = at + one->in_memory;
    int protection = ((one->flags & 4) != 0) | (one->flags & 2) | ((one->flags & 1) != 0 ? 4 : 0);
    if (one->in_file > 0 && is_error(map(down(at), end - down(at), protection, 2 | FIXED, of->file, down(one->offset)))) return 0;
    if (one->in_memory == one->in_file) continue;
    if (one->in_file > 0)
      for (volatile u8 *byte = (u8 *)end; (u64)byte < up(end) && (one->flags & 2) != 0; byte++) *byte = 0;
    u64 from = one->in_file > 0 ? up(end) : down(at);
    if (last > from && is_error(map(from, last - from, protection, ANONYMOUS | FIXED, -1, 0))) return 0;
  }
  return 1;
}

static i64 read_all(const char *path, char *into, i64 size) {
  i64 file = call(OPEN_AT, HERE, (i64)path, O_CLOEXEC, 0, 0, 0), filled = 0, got;
  while (file >= 0 && (got = call(READ, file, (i64)(into + filled), size - 1 - filled, 0, 0, 0)) > 0) filled += got;
  if (file >= 0) call(CLOSE, file, 0, 0, 0, 0, 0);
  into[filled] = 0;
  return filled;
}

static u64 hex(const char **at) {
  u64 value = 0;
  for (;; (*at)++) {
    char c = **at;
    if (c >= '0' && c <= '9') value = value << 4 | (u64)(c - '0');
    else if (c >= 'a' && c <= 'f') value = value << 4 | (u64)(c - 'a' + 10);
    else return value;
  }
}

/* Takes what is free from `line` to the kernel's stack. False where something is mapped across the line, or below it by the kernel's choice. */
static int takes_above(u64 line, u64 stack) {
  static char maps_text[1 << 18];
  i64 length = read_all("/proc/self/maps", maps_text, sizeof maps_text);
  if (length == 0 || length == sizeof maps_text - 1) return 0;
  u64 free = line;
  for (const char *at = maps_text; *at != 0;) {
    u64 start = hex(&at);
    at++;
    u64 end = hex(&at);
    while (*at != 0 && *at++ != '\n');
    if (start < line && end > PROGRAM + (PROGRAM >> 4)) return 0;
    if (start < line) continue;
    /* It grows a little more until the jump. */
    u64 until = end > stack ? start - (2UL << 20) : start;
    if (until > free && start > free && is_taken(free, until - free)) return 0;
    if (end > stack) return 1;
    free = end;
  }
  return 0;
}

static u64 length_of(const char *text) {
  u64 length = 0;
  while (text[length] != 0) length++;
  return length + 1;
}
static char *copied(char **at, const char *text) {
  char *to = *at;
  u64 length = length_of(text);
  for (u64 i = 0; i < length; i++) ((volatile char *)to)[i] = text[i];
  *at += length;
  return to;
}

extern const i64 __rseq_offset __attribute__((weak));
extern const u32 __rseq_size __attribute__((weak));

/* The loader registers its own. */
static void forget_sequences(void) {
  u64 thread;
  if (&__rseq_offset == 0 || &__rseq_size == 0 || __rseq_size == 0) return;
  __asm__("mov %%fs:0, %0" : "=r"(thread));
  call(RSEQ, (i64)thread + __rseq_offset, __rseq_size < 32 ? 32 : __rseq_size, 1, 0x53053053, 0, 0);
}

__attribute__((constructor)) static void start(int argc, char **argv, char **env) {
  u64 here = (u64)argv;
  if (!SETTINGS.places || (here >= PROGRAM && here < STACK)) return;
  static struct program program, loader;
  static char bits[16], loader_path[256];
  u64 texts = 0, words = 0;
  for (int i = 0; i < argc; i++) texts += length_of(argv[i]);
  char **last = env;
  for (; *last != 0; last++) texts += length_of(*last);
  struct auxiliary *auxiliary = behind(env), *one = auxiliary;
  for (; one->type != AUX_END; one++) {
    if (one->type == AUX_SECURE && one->value != 0) return;
    if (one->type == AUX_PLATFORM || one->type == AUX_BASE_PLATFORM || one->type == AUX_EXECFN) texts += length_of((char *)one->value);
  }
  words = 1 + (u64)argc + 1 + (u64)(last - env) + 1 + 2 * (u64)(one - auxiliary + 1);

  if (!opens(&program, "/proc/self/exe")) goto leave;
  for (int i = 0; i < program.header.count; i++) {
    const struct segment *part = program.segments + i;
    if (part->type == INTERPRETER && part->in_file < sizeof loader_path)
      call(PREAD, program.file, (i64)loader_path, (i64)part->in_file, (i64)part->offset, 0, 0);
  }
  if (loader_path[0] != '/' || !opens(&loader, loader_path) || loader.header.type != PROGRAM_MOVES) goto leave;

  read_all("/proc/sys/vm/mmap_rnd_bits", bits, sizeof bits);
  u64 line = (bits[0] == '3' || (u64)&SETTINGS < LINE) ? LOW_LINE : LINE;
  if (!takes_above(line, here)) goto leave;
  u64 stack_size = up(texts + 8 * words) + (32 << 10);
  if (map(STACK - stack_size, stack_size, 3, ANONYMOUS | GROWS_DOWN | FIXED_NO_REPLACE, -1, 0) != STACK - stack_size) goto leave;
  if (program.header.type == PROGRAM_MOVES) {
    program.base = PROGRAM;
    if (is_taken(PROGRAM + program.low, program.high - program.low)) goto leave;
  }
  loader.base = map(0, loader.high - loader.low, 0, ANONYMOUS | NO_RESERVE, -1, 0) - loader.low;
  if (is_error(loader.base + loader.low) || !maps(&loader)) goto leave;
  is_taken(up((u64)call(BRK, 0, 0, 0, 0, 0, 0)), PAGE);
  /* Of a program that is always in one place this replaces what the kernel mapped: from here on there is no way back. */
  if (!maps(&program)) goto leave;

  char *text = (char *)(STACK - 64 - texts);
  u64 *to = (u64 *)(((u64)text - 8 * words) & ~15UL);
  u64 *stack = to;
  *to++ = (u64)argc;
  for (int i = 0; i < argc; i++) *to++ = (u64)copied(&text, argv[i]);
  *to++ = 0;
  for (char **variable = env; *variable != 0; variable++) *to++ = (u64)copied(&text, *variable);
  *to++ = 0;
  u64 headers = 0;
  for (int i = 0; i < program.header.count && headers == 0; i++) {
    const struct segment *part = program.segments + i;
    if (part->type == LOAD && program.header.segments >= part->offset && program.header.segments < part->offset + part->in_file)
      headers = program.base + part->address + program.header.segments - part->offset;
  }
  for (one = auxiliary;; one++) {
    u64 type = one->type, value = one->value;
    if (type == AUX_PHDR) value = headers;
    if (type == AUX_ENTRY) value = program.base + program.header.entry;
    if (type == AUX_BASE) value = loader.base;
    if (type == AUX_VDSO) type = AUX_IGNORE; // where the kernel put it
    if (type == AUX_PLATFORM || type == AUX_BASE_PLATFORM || type == AUX_EXECFN) value = (u64)copied(&text, (char *)value);
    if (type == AUX_RANDOM) {
      u64 *bytes = (u64 *)(STACK - 32);
      bytes[0] = ((u64 *)value)[0];
      bytes[1] = ((u64 *)value)[1];
      value = (u64)bytes;
    }
    *to++ = type;
    *to++ = value;
    if (type == AUX_END) break;
  }
  call(CLOSE, program.file, 0, 0, 0, 0, 0);
  call(CLOSE, loader.file, 0, 0, 0, 0, 0);
  forget_sequences();
  __asm__ volatile("mov %0, %%rsp\n\txor %%edx, %%edx\n\txor %%ebp, %%ebp\n\tjmp *%1"
                   : : "r"(stack), "r"(loader.base + loader.header.entry) : "memory");
  __builtin_unreachable();
leave:
  if (program.file > 0) call(CLOSE, program.file, 0, 0, 0, 0, 0);
  if (loader.file > 0) call(CLOSE, loader.file, 0, 0, 0, 0, 0);
}

#else
/* Kept in the library, as for the other processor. */
__attribute__((constructor)) static void start(void) { (void)SETTINGS.places; }
#endif
