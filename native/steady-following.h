/*
 * What a library after this one calls by a name, as dlsym(RTLD_NEXT, …) tells it: dlsym(3) is of a
 * library of its own before glibc 2.34, which a program need not have, and may allocate.
 * Structures are those of dl_iterate_phdr(3), elf(5); the table is of DT_GNU_HASH.
 */
enum { DYNAMIC = 2, TAG_END = 0, TAG_NAMES = 5, TAG_SYMBOLS = 6, TAG_TABLE = 0x6ffffef5, TAG_VERSION_OF = 0x6ffffff0,
       HIDDEN = 0x8000, FUNCTION = 2 };
struct loaded { u64 base; const char *name; const struct segment *segments; u16 count; };
struct search { const char *name; u32 hash; int is_after; void *found; };

extern int dl_iterate_phdr(int (*with)(struct loaded *, u64, void *), void *data) __attribute__((weak));

static inline void *in_table(const struct loaded *of, const u64 *tags, const struct search *wanted) {
  u64 names = 0, symbols = 0, table = 0, versions = 0;
  for (; tags[0] != TAG_END; tags += 2) {
    /* glibc writes where they lie, musl leaves how far from the start. */
    u64 at = tags[1] < of->base ? tags[1] + of->base : tags[1];
    if (tags[0] == TAG_NAMES) names = at;
    if (tags[0] == TAG_SYMBOLS) symbols = at;
    if (tags[0] == TAG_TABLE) table = at;
    if (tags[0] == TAG_VERSION_OF) versions = at;
  }
  if (names == 0 || symbols == 0 || table == 0) return 0;
  const u32 *head = (const u32 *)table, *buckets = head + 4 + 2 * head[2], *chain = buckets + head[0];
  if (head[0] == 0) return 0;
  for (u32 i = buckets[wanted->hash % head[0]]; i != 0; i++) {
    const struct symbol *one = (const struct symbol *)symbols + i;
    u32 hash = chain[i - head[1]];
    int is_old = versions != 0 && (((const u16 *)versions)[i] & HIDDEN) != 0;
    if ((hash | 1) == (wanted->hash | 1) && !is_old && one->section != 0 && (one->info & 15) == FUNCTION &&
        same((const char *)names + one->name, wanted->name))
      return (void *)(of->base + one->value);
    if (hash & 1) break;
  }
  return 0;
}

static inline int look(struct loaded *of, u64 size, void *data) {
  struct search *wanted = data;
  const u64 *tags = 0;
  int is_this = 0;
  (void)size;
  for (int i = 0; i < of->count; i++) {
    u64 start = of->base + of->segments[i].address;
    if (of->segments[i].type == DYNAMIC) tags = (const u64 *)start;
    if (of->segments[i].type == LOAD && (u64)look - start < of->segments[i].in_memory) is_this = 1;
  }
  if (is_this) wanted->is_after = 1;
  else if (wanted->is_after && tags != 0) wanted->found = in_table(of, tags, wanted);
  return wanted->found != 0;
}

/* 0 where there is none. */
static inline void *following(const char *name) {
  struct search wanted = {name, 5381, 0, 0};
  for (const u8 *at = (const u8 *)name; *at != 0; at++) wanted.hash = wanted.hash * 33 + *at;
  if (dl_iterate_phdr != 0) dl_iterate_phdr(look, &wanted);
  return wanted.found;
}
