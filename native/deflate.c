// DEFLATE (RFC 1951) for the layers of an image, compiled to WebAssembly: hash chains, one step of lazy
// matching, integer arithmetic only, memory of one size. The same input gives the same bytes everywhere.
// src/normalize/deflate/deflate.ts calls it; docs/decisions/0002-own-deflate.md says why it is our own.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

enum {
  // How far back a match may lie; distance 32768 would not fit 16 bits and is given up.
  WINDOW = 32768,
  MAX_DISTANCE = WINDOW - 1,
  MIN_MATCH = 4,
  MAX_MATCH = 258,
  // Symbols per block: enough to pay for its header, few enough to follow changes in the data.
  BLOCK_SYMBOLS = 16384,
  // How hard to look. Part of what the bytes depend on: a change is a new RULE_SET_VERSION.
  CHAIN = 16,
  NICE = 48,
  LAZY = 16,
  // Most bytes of a piece and its history.
  MOST = WINDOW + (1 << 20),
  MAX_STORED = 0xffff,
  END_OF_BLOCK = 256,
  LITERALS = 286,
  DISTANCES = 30,
  LENGTHS = 29,
};

// Words are read past the end of the data, and written past that of the output. A block is never larger than
// stored: 5 bytes for each 65535 and one more, and each has 16384 bytes at least, or is the last.
static uint8_t input[MOST + 16];
static uint8_t output[(1 << 20) + (1 << 16)];

EXPORT("input") uint8_t *input_place(void) { return input; }
EXPORT("output") uint8_t *output_place(void) { return output; }

static inline uint32_t load32(const uint8_t *at) {
  uint32_t word;
  __builtin_memcpy(&word, at, 4);
  return word;
}

static inline uint64_t load64(const uint8_t *at) {
  uint64_t word;
  __builtin_memcpy(&word, at, 8);
  return word;
}

// Bits, least significant first (section 3.1.1): fewer than 8 wait between two calls.
static uint8_t *next_byte;
static uint64_t waiting;
static uint32_t waiting_count;

// At most 56 bits at once; `value` has no higher ones.
static inline void put(uint64_t value, uint32_t count) {
  waiting |= value << waiting_count;
  waiting_count += count;
  __builtin_memcpy(next_byte, &waiting, 8);
  next_byte += waiting_count >> 3;
  waiting >>= waiting_count & ~7u;
  waiting_count &= 7;
}

static void align(void) {
  if (waiting_count > 0) put(0, 8 - waiting_count);
}

// Section 3.2.5: lengths 3 to 258 and distances 1 to 32768 as a symbol and extra bits.
static const uint8_t LENGTH_EXTRA[LENGTHS] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                              2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint8_t DISTANCE_EXTRA[DISTANCES] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                                  6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
static uint16_t length_base[LENGTHS];
static uint16_t distance_base[DISTANCES];
static uint8_t length_slots[MAX_MATCH + 1];
// Distances to 256 one by one, larger ones by their upper bits, as zlib keeps them.
static uint8_t distance_slots[512];

static inline uint32_t distance_slot(uint32_t distance) {
  return distance_slots[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)];
}

static void fill_tables(void) {
  uint32_t base = 3;
  for (uint32_t slot = 0; slot < LENGTHS; slot++) {
    // 258 has a symbol of its own, the last, though the one before could spell it.
    if (slot == LENGTHS - 1) base = MAX_MATCH;
    length_base[slot] = base;
    for (uint32_t i = base; i <= MAX_MATCH; i++) length_slots[i] = slot;
    base += 1 << LENGTH_EXTRA[slot];
  }
  base = 1;
  for (uint32_t slot = 0; slot < DISTANCES; slot++) {
    distance_base[slot] = base;
    for (uint32_t i = base - 1; i < 256; i++) distance_slots[i] = slot;
    for (uint32_t i = 256 + ((base - 1) >> 7); i < 512; i++) distance_slots[i] = slot;
    base += 1 << DISTANCE_EXTRA[slot];
  }
}

// A canonical prefix code: of each symbol the length of its code, and the code's bits in writing order.
struct code {
  uint8_t lengths[LITERALS];
  uint16_t codes[LITERALS];
};

// Symbols that occur, rarest first, as count << 9 | symbol: ties are broken by the symbol's number. Two at least,
// as some readers refuse an incomplete code.
static uint32_t used_symbols(const uint32_t *counts, uint32_t symbols, uint32_t *used) {
  uint32_t size = 0;
  for (uint32_t symbol = 0; symbol < symbols; symbol++)
    if (counts[symbol] > 0) used[size++] = counts[symbol] << 9 | symbol;
  for (uint32_t symbol = 0; size < 2; symbol++)
    if (counts[symbol] == 0) used[size++] = 1 << 9 | symbol;
  for (uint32_t gap = 121; gap > 0; gap /= 3)
    for (uint32_t i = gap; i < size; i++) {
      uint32_t one = used[i], at = i;
      for (; at >= gap && used[at - gap] > one; at -= gap) used[at] = used[at - gap];
      used[at] = one;
    }
  return size;
}

// Codes per length: the depths of the leaves of Huffman's tree by the two-queue method, those over `limit` cut.
// Gives the space that they take, in codes of the longest length.
static uint32_t tree_lengths(const uint32_t *used, uint32_t leaves, uint32_t limit, uint32_t *per_length) {
  static uint32_t weight[2 * LITERALS];
  static uint16_t parent[2 * LITERALS], depth[2 * LITERALS];
  for (uint32_t i = 0; i < leaves; i++) weight[i] = used[i] >> 9;
  uint32_t leaf = 0, node = leaves;
  for (uint32_t size = leaves; size < 2 * leaves - 1; size++) {
    weight[size] = 0;
    for (uint32_t child = 0; child < 2; child++) {
      uint32_t smallest = leaf < leaves && (node >= size || weight[leaf] <= weight[node]) ? leaf++ : node++;
      parent[smallest] = size;
      weight[size] += weight[smallest];
    }
  }
  uint32_t space = 0;
  depth[2 * leaves - 2] = 0;
  for (uint32_t i = 2 * leaves - 2; i-- > 0;) {
    depth[i] = depth[parent[i]] + 1;
    if (i >= leaves) continue;
    uint32_t length = depth[i] < limit ? depth[i] : limit;
    per_length[length]++;
    space += 1u << (limit - length);
  }
  return space;
}

// The code for symbols that occur `counts` times, none longer than `limit` bits (section 3.2.2).
static void prefix_code(const uint32_t *counts, uint32_t symbols, uint32_t limit, struct code *code) {
  uint32_t used[LITERALS + 2], per_length[16] = {0}, next[17] = {0};
  uint32_t size = used_symbols(counts, symbols, used);
  uint32_t space = tree_lengths(used, size, limit, per_length);
  // What was cut takes too much: others are made longer to pay for it.
  while (space > 1u << limit) {
    uint32_t length = limit - 1;
    while (per_length[length] == 0) length--;
    per_length[length]--;
    per_length[length + 1]++;
    space -= 1u << (limit - length - 1);
  }
  // If more was saved than needed, the longest become shorter until the code is complete.
  for (uint32_t left = (1u << limit) - space; left > 0;) {
    uint32_t length = limit;
    while (per_length[length] == 0 || 1u << (limit - length) > left) length--;
    per_length[length]--;
    per_length[length - 1]++;
    left -= 1u << (limit - length);
  }
  for (uint32_t length = 1; length <= limit; length++) next[length + 1] = (next[length] + per_length[length]) << 1;
  for (uint32_t symbol = 0; symbol < symbols; symbol++) code->lengths[symbol] = 0;
  // The rarest symbols come first and take the longest codes.
  for (uint32_t i = 0, length = limit; i < size; i++) {
    while (per_length[length] == 0) length--;
    per_length[length]--;
    code->lengths[used[i] & 511] = length;
  }
  for (uint32_t symbol = 0; symbol < symbols; symbol++) {
    uint32_t length = code->lengths[symbol];
    // Packed from the most significant bit.
    if (length > 0) code->codes[symbol] = __builtin_bitreverse16(next[length]++) >> (16 - length);
  }
}

// Of the block that is being made: literals (a byte) and matches (length << 16 | distance), where its bytes begin,
// and how often each symbol occurs.
static uint32_t items[BLOCK_SYMBOLS + 2];
static uint32_t item_count;
static uint32_t block_start;
static uint32_t literal_counts[LITERALS];
static uint32_t distance_counts[DISTANCES];

static inline void add_literal(uint32_t byte) {
  items[item_count++] = byte;
  literal_counts[byte]++;
}

static inline void add_match(uint32_t length, uint32_t distance) {
  items[item_count++] = length << 16 | distance;
  literal_counts[257 + length_slots[length]]++;
  distance_counts[distance_slot(distance)]++;
}

// Section 3.2.7: the order in which the lengths of the code-length code are sent.
static const uint8_t ORDER[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

// Lengths of codes as they are sent: symbol, bits behind it and how many.
struct run {
  uint8_t symbol, extra, extra_bits;
};
static struct run runs[LITERALS + DISTANCES];
static uint32_t run_count;

static void add_run(uint32_t symbol, uint32_t extra, uint32_t extra_bits) {
  runs[run_count++] = (struct run){symbol, extra, extra_bits};
}

// 16 repeats the length before it 3 to 6 times, 17 and 18 are runs of zeros.
static void run_lengths(const uint8_t *lengths, uint32_t size) {
  run_count = 0;
  for (uint32_t at = 0, end; at < size; at = end) {
    uint32_t length = lengths[at];
    for (end = at + 1; end < size && lengths[end] == length;) end++;
    uint32_t left = end - at;
    if (length != 0) add_run(length, 0, 0), left--;
    while (left > 0) {
      uint32_t is_long = left > 10, most = length != 0 ? 6 : is_long ? 138 : 10;
      uint32_t take = left < 3 ? 1 : left < most ? left : most;
      if (left < 3) add_run(length, 0, 0);
      else if (length != 0) add_run(16, take - 3, 2);
      else if (is_long) add_run(18, take - 11, 7);
      else add_run(17, take - 3, 3);
      left -= take;
    }
  }
}

static uint32_t used_lengths(const struct code *code, uint32_t symbols, uint32_t least) {
  while (symbols > least && code->lengths[symbols - 1] == 0) symbols--;
  return symbols;
}

// Non-final stored blocks. An empty one is zlib's sync flush: it ends on a whole byte.
static void write_stored(const uint8_t *bytes, uint32_t length) {
  do {
    uint32_t piece = length < MAX_STORED ? length : MAX_STORED;
    put(0, 3);
    align();
    put(piece | (piece ^ 0xffff) << 16, 32);
    __builtin_memcpy(next_byte, bytes, piece);
    next_byte += piece;
    bytes += piece;
    length -= piece;
  } while (length > 0);
}

static void write_items(const struct code *literals, const struct code *distances) {
  // Code and extra bits of each length, and how many they are.
  static uint32_t length_bits[MAX_MATCH + 1];
  static uint8_t length_counts[MAX_MATCH + 1];
  for (uint32_t length = MIN_MATCH; length <= MAX_MATCH; length++) {
    uint32_t slot = length_slots[length], count = literals->lengths[257 + slot];
    length_bits[length] = literals->codes[257 + slot] | (length - length_base[slot]) << count;
    length_counts[length] = count + LENGTH_EXTRA[slot];
  }
  for (uint32_t i = 0; i < item_count; i++) {
    uint32_t item = items[i], length = item >> 16;
    if (length == 0) {
      put(literals->codes[item], literals->lengths[item]);
      continue;
    }
    uint32_t distance = item & 0xffff, slot = distance_slot(distance);
    uint32_t count = length_counts[length], after = count + distances->lengths[slot];
    put(length_bits[length] | (uint64_t)distances->codes[slot] << count |
            (uint64_t)(distance - distance_base[slot]) << after,
        after + DISTANCE_EXTRA[slot]);
  }
  put(literals->codes[END_OF_BLOCK], literals->lengths[END_OF_BLOCK]);
}

// Writes the block, which ends before `end`, Huffman-coded or stored, whichever is smaller. The next one is empty.
static void write_block(uint32_t end) {
  static struct code literals, distances, code;
  uint8_t lengths[LITERALS + DISTANCES];
  uint32_t counts[19] = {0};
  literal_counts[END_OF_BLOCK] = 1;
  prefix_code(literal_counts, LITERALS, 15, &literals);
  prefix_code(distance_counts, DISTANCES, 15, &distances);
  uint32_t literal_size = used_lengths(&literals, LITERALS, 257);
  uint32_t distance_size = used_lengths(&distances, DISTANCES, 1);
  __builtin_memcpy(lengths, literals.lengths, literal_size);
  __builtin_memcpy(lengths + literal_size, distances.lengths, distance_size);
  run_lengths(lengths, literal_size + distance_size);
  for (uint32_t i = 0; i < run_count; i++) counts[runs[i].symbol]++;
  prefix_code(counts, 19, 7, &code);
  uint32_t sent = 19;
  while (sent > 4 && code.lengths[ORDER[sent - 1]] == 0) sent--;
  uint32_t bits = 17 + 3 * sent, raw = end - block_start;
  for (uint32_t i = 0; i < run_count; i++) bits += code.lengths[runs[i].symbol] + runs[i].extra_bits;
  for (uint32_t symbol = 0; symbol < LITERALS; symbol++)
    bits += literal_counts[symbol] * (literals.lengths[symbol] + (symbol > 256 ? LENGTH_EXTRA[symbol - 257] : 0));
  for (uint32_t slot = 0; slot < DISTANCES; slot++)
    bits += distance_counts[slot] * (distances.lengths[slot] + DISTANCE_EXTRA[slot]);
  if (bits >= (raw + 5 * ((raw + MAX_STORED - 1) / MAX_STORED)) * 8)
    write_stored(input + block_start, raw);
  else {
    put(4, 3);
    put(literal_size - 257, 5);
    put(distance_size - 1, 5);
    put(sent - 4, 4);
    for (uint32_t i = 0; i < sent; i++) put(code.lengths[ORDER[i]], 3);
    for (uint32_t i = 0; i < run_count; i++) {
      put(code.codes[runs[i].symbol], code.lengths[runs[i].symbol]);
      put(runs[i].extra, runs[i].extra_bits);
    }
    write_items(&literals, &distances);
  }
  block_start = end;
  item_count = 0;
  __builtin_memset(literal_counts, 0, sizeof literal_counts);
  __builtin_memset(distance_counts, 0, sizeof distance_counts);
}

// The last place of each hash; and of each place how far back the one of the same hash is, 0 for none in reach.
static int32_t head[1 << 16];
static uint16_t back[MOST];

static void link_places(uint32_t words) {
  // Out of reach of every place.
  __builtin_memset(head, 0x80, sizeof head);
  for (uint32_t at = 0; at < words; at++) {
    uint32_t hash = load32(input + at) * 0x9e3779b1u >> 16, distance = at - head[hash];
    head[hash] = at;
    back[at] = distance > MAX_DISTANCE ? 0 : distance;
  }
}

// Bytes that are the same at both places, at most `most`.
static inline uint32_t common(const uint8_t *a, const uint8_t *b, uint32_t most) {
  for (uint32_t length = 0; length < most; length += 8) {
    uint64_t other = load64(a + length) ^ load64(b + length);
    if (other == 0) continue;
    length += __builtin_ctzll(other) >> 3;
    return length < most ? length : most;
  }
  return most;
}

// The length of the longest match of `at` over `floor`, else `floor`.
static inline __attribute__((always_inline)) uint32_t find(uint32_t at, uint32_t end, uint32_t floor,
                                                           uint32_t *distance) {
  uint32_t most = end - at < MAX_MATCH ? end - at : MAX_MATCH;
  if (most < MIN_MATCH || floor >= most) return floor;
  const uint8_t *here = input + at;
  uint32_t far = back[at], step = far, word = load32(here);
  // Of most places: no candidate is in reach, or neither the first nor the second one begins alike and there is no
  // third. Products, because three branches that no processor can foretell take longer than all of this.
  uint32_t next = back[at - far], farther = far + next;
  farther = farther > MAX_DISTANCE ? 0 : farther;
  next = farther ? next : 0;
  next *= (load32(here - farther) == word) | (back[at - farther] != 0);
  if (far * ((load32(here - far) == word) | next) == 0) return floor;
  uint32_t best = floor < MIN_MATCH ? MIN_MATCH - 1 : floor;
  uint32_t last = load32(here + best - 3);
  for (uint32_t chain = CHAIN; step != 0 && far <= MAX_DISTANCE && chain > 0; chain--) {
    const uint8_t *there = here - far;
    if (load32(there + best - 3) == last && load32(there) == word) {
      uint32_t length = MIN_MATCH + common(there + MIN_MATCH, here + MIN_MATCH, most - MIN_MATCH);
      if (length > best) {
        *distance = far;
        floor = best = length;
        if (length >= NICE || length == most) break;
        last = load32(here + best - 3);
      }
    }
    step = back[at - far];
    far += step;
  }
  return floor;
}

// Compresses the input's bytes from `start` to `end` as non-final blocks that end on a whole byte. Those before are
// history that the reader has. Pieces made this way can be joined. Gives the length of the output.
EXPORT("deflate") uint32_t deflate(uint32_t start, uint32_t end) {
  fill_tables();
  next_byte = output;
  waiting = waiting_count = item_count = 0;
  block_start = start;
  __builtin_memset(literal_counts, 0, sizeof literal_counts);
  __builtin_memset(distance_counts, 0, sizeof distance_counts);
  // Where a word still fits.
  link_places(end < MIN_MATCH ? 0 : end - MIN_MATCH + 1);
  for (uint32_t at = start; at < end;) {
    uint32_t distance;
    uint32_t length = find(at, end, 0, &distance);
    // A longer match one byte on is worth a literal.
    while (length >= MIN_MATCH && length < LAZY && at + 1 < end) {
      uint32_t longer = find(at + 1, end, length, &distance);
      if (longer <= length) break;
      add_literal(input[at++]);
      length = longer;
      if (item_count >= BLOCK_SYMBOLS) write_block(at);
    }
    if (length < MIN_MATCH) add_literal(input[at++]);
    else {
      add_match(length, distance);
      at += length;
    }
    if (item_count >= BLOCK_SYMBOLS) write_block(at);
  }
  if (item_count > 0) write_block(end);
  write_stored(input, 0);
  return next_byte - output;
}
