const LETTERS = 'zqjxkvbywgpfmucdlhrsnioate';

/** How common each byte is in text and code, roughly. */
const COMMONNESS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = LETTERS.indexOf(String.fromCharCode(byte | 0x20)) + 1;
  if (byte >= 0x61 && byte <= 0x7a) return letter;
  return byte >= 0x41 && byte <= 0x5a ? Math.ceil(letter / 4) : 6;
});

/** The pairs that text and code are full of, the most common first, counted over 4 GB of root filesystems. */
const COMMON_PAIRS =
  'onerinreteestiatstorenntthAAleiosede00alhecoanetmearnsriisngtaedropetritraliD$amnetoceecctacndurgellmaas0xnaom' +
  'ouilcaicpauneaodutfipoellosilaveACustyexulptssCArtvaueyphancols.emfoprmpdirsadapoccktsifop,CotplReniagimide.hi' +
  'noefbltu//rnbedascabrrsoiespcrofL$lumoe_kesue:quffooigaihoshs/umbaT$Corcrugiirdoosfa__eqltipmitts:clrmt_nu20St' +
  'ibryt$--epviavlsx0rgt.wixtsaowupia_sbu.cogf.EA11InuinfcuThauppSYgoeeATldcimsevubIA_cboe-dumbpipuwaPat-ayfefumm' +
  'tpizje';

/** By pair, what is above that of all others. */
const COSTS = new Uint16Array(65_536);
for (let rank = 0; rank < COMMON_PAIRS.length / 2; rank += 1)
  COSTS[COMMON_PAIRS.charCodeAt(rank * 2) * 256 + COMMON_PAIRS.charCodeAt(rank * 2 + 1)] =
    10_000 - rank;

function cost(keyword: Uint8Array, at: number): number {
  const a = keyword[at] ?? 0;
  const b = keyword[at + 1] ?? 0;
  const known = COSTS[a * 256 + b] ?? 0;
  return known === 0 ? (COMMONNESS[a] ?? 0) * (COMMONNESS[b] ?? 0) : known;
}

/**
 * Of the pairs at every second place from `first` (0 or 1), where the one stands that is least common together with the byte behind it. A
 * pair with nothing behind it is taken only where there is no other.
 */
export function rarestPair(keyword: Uint8Array, first: number): number {
  const rate = (at: number): number => cost(keyword, at) * cost(keyword, at + 1);
  let best = first;
  for (let at = first + 2; at + 2 < keyword.length; at += 2) if (rate(at) < rate(best)) best = at;
  return best;
}
