import { lookup } from '../lib/json.ts';
import { type Descriptor, type Platform, platformName } from '../model/image.ts';

/** Other names of processors, and the variant each implies (containerd/platforms, database.go). */
const ARCHITECTURES = lookup<readonly [architecture: string, variant?: string]>({
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  i386: ['386', ''],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
});
/** What a processor is where no variant is named. */
const VARIANTS = lookup<string>({ amd64: 'v1', arm64: 'v8', arm: 'v7' });
/** Where nothing is named, a runtime takes its own; this is the one that images are for. */
const OPERATING_SYSTEMS = lookup<string>({ '': 'linux', macos: 'darwin' });

/** The platform that `OS/ARCH[/VARIANT]` or `ARCH` spells; undefined where it spells none. */
export function parsePlatform(text: string): Platform | undefined {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9._-]{1,64}$/.test(part)))
    return undefined;
  const [os = '', architecture = '', variant] = parts.length === 1 ? ['linux', ...parts] : parts;
  const named = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const platform = normalPlatform(named);
  // `armhf` asks for the processor, whichever its variant: v7 is what it is taken for anyway.
  return architecture === 'armhf' && variant === undefined ? { os, architecture: 'arm' } : platform;
}

/**
 * The platform as runtimes read it (containerd/platforms, `Normalize`): letter case, other names
 * and an empty operating system do not matter. A variant that says the same as none is kept, since
 * people know it (`arm64/v8`).
 */
export function normalPlatform(platform: Partial<Platform>): Platform {
  const { os = '', architecture = '', variant = '', 'os.version': version } = platform;
  const named = architecture.toLowerCase();
  const [known, implied] = ARCHITECTURES[named] ?? [named];
  const of =
    implied ??
    variant
      .toLowerCase()
      .replace(/^(?=\d)/, 'v')
      .replace(/\.0$/, '');
  return {
    os: OPERATING_SYSTEMS[os.toLowerCase()] ?? os.toLowerCase(),
    architecture: known,
    ...(of === '' ? {} : { variant: of }),
    ...(version === undefined ? {} : { 'os.version': version }),
  };
}

/** True where `platform` is what `wanted` asks for. Without a variant, any variant matches. */
export function matchesPlatform(platform: Platform, wanted: Platform): boolean {
  const [own, asked] = [normalPlatform(platform), normalPlatform(wanted)];
  return (
    own.os === asked.os &&
    own.architecture === asked.architecture &&
    (asked.variant === undefined || variantOf(own) === variantOf(asked))
  );
}

/** True for what `wanted` asks for, and for what its runtime takes if there is nothing better. */
export function mayRunOn(platform: Platform, wanted: Platform): boolean {
  return matchesPlatform(platform, wanted) || platformRanks(platform, wanted).some(Number.isFinite);
}

/**
 * Ranks `platform` for a runtime of `wanted`, once for each order that versions of engines use. 0
 * is the first choice; Infinity does not run. Without a variant, a runtime accepts only the
 * processor's usual one.
 */
export function platformRanks(platform: Platform, wanted: Platform): readonly number[] {
  const [own, asked] = [normalPlatform(platform), normalPlatform(wanted)];
  const spelled = `${own.architecture}/${variantOf(own)}`;
  return orders(asked.architecture, variantOf(asked)).map((order) => {
    const rank = own.os === asked.os ? order.indexOf(spelled) : -1;
    return rank < 0 ? Infinity : rank;
  });
}

/**
 * What a processor runs, best first (containerd/platforms, `Only`), in the order of each version:
 * before 1.0 an arm64 ran no older arm64.
 */
function orders(architecture: string, variant: string): readonly (readonly string[])[] {
  const own = `${architecture}/${variant}`;
  const number = Number(/^v(\d+)$/.exec(variant)?.[1] ?? NaN);
  const older = (of: string, last: number): readonly string[] =>
    Array.from(
      { length: Math.max(0, Math.min(number - last, 16)) },
      (_, i) => `${of}/v${number - 1 - i}`,
    );
  if (architecture === 'amd64') return [[own, ...older('amd64', 1), '386/']];
  if (architecture === 'arm') return [[own, ...older('arm', 5)]];
  if (architecture !== 'arm64') return [[own]];
  const arm = ['v8', 'v7', 'v6', 'v5'].map((one) => `arm/${one}`);
  return [
    [own, ...olderArm64(variant).map((one) => `arm64/${one}`), ...arm],
    [own, `arm/${variant}`, ...older('arm', 5)],
  ];
}

/** arm64 v9.N runs what v9.0 to v9.N and v8.0 to v8.(N+5) are for. */
function olderArm64(variant: string): readonly string[] {
  const [, major = '', minor = '0'] = /^v([89])(?:\.(\d))?$/.exec(variant) ?? [];
  const series = (of: number, from: number): readonly string[] =>
    Array.from({ length: from + 1 }, (_, i) => (from === i ? `v${of}` : `v${of}.${from - i}`));
  if (major === '9') return [...series(9, Number(minor)), ...series(8, Number(minor) + 5)];
  return major === '8' ? series(8, Number(minor)) : [];
}

function variantOf({ architecture, variant }: Platform): string {
  return variant ?? VARIANTS[architecture] ?? '';
}

/** Identifies an entry of an index: one digest may be listed as two things. */
export function entryKey({ mediaType, digest, platform }: Descriptor): string {
  return JSON.stringify([mediaType, digest, platform && platformName(platform)]);
}

/** The fields of a platform that engines know. One without a value counts as missing. */
const KNOWN = ['architecture', 'os', 'os.version', 'os.features', 'variant', 'features'];

/**
 * A platform with no known field is dropped: Docker's classic store takes it on any machine, and
 * some builds of Docker 26 with containerd's do, where its lists are empty.
 */
export function withNormalPlatform(descriptor: Descriptor): Descriptor {
  const { platform, ...rest } = descriptor;
  const isNamed = Object.entries(platform ?? {}).some(
    ([field, value]) => KNOWN.includes(field) && String(value) !== '',
  );
  return platform !== undefined && isNamed ? { ...rest, platform: normalPlatform(platform) } : rest;
}

/**
 * The entries of one index that a runtime of the wanted platform may take: the nearest of those
 * that name one, and all that name none. What versions of engines may spell differently does not
 * stand before what is farther. Of the others the platforms, in words.
 */
export function chooseEntries(
  entries: readonly Descriptor[],
  wanted: Platform | undefined,
): { readonly chosen: readonly Descriptor[]; readonly passed: readonly string[] } {
  const read = entries.map((entry) => {
    const normal = withNormalPlatform(entry);
    const { platform } = normal;
    const isAny = wanted === undefined || platform === undefined;
    const ranks = isAny ? [0] : platformRanks(platform, wanted);
    return {
      normal,
      platform,
      ranks,
      isAsked: isAny || matchesPlatform(platform, wanted),
      isPlain: isSpelledSo(entry.platform, platform),
    };
  });
  const plain = read.filter((one) => one.isPlain);
  const isChosen = (one: (typeof read)[number]): boolean =>
    one.isAsked ||
    one.ranks.some(
      (rank, at) => rank < Infinity && plain.every(({ ranks }) => rank <= (ranks[at] ?? Infinity)),
    );
  return {
    chosen: read.filter(isChosen).map(({ normal }) => normal),
    passed: read.flatMap((one) =>
      one.platform === undefined || isChosen(one) ? [] : [platformName(one.platform)],
    ),
  };
}

/** True for a platform spelled as every engine spells it; false for an entry without one. */
function isSpelledSo(given: Platform | undefined, read: Platform | undefined): boolean {
  return given !== undefined && read !== undefined && platformName(given) === platformName(read);
}
