import { lookup } from '../model/lookup.ts';
import type { Platform } from '../model/oci.ts';

/** Other names of processors, as `docker --platform` takes them. */
const ARCHITECTURES = lookup<string>({
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
  armel: 'arm',
});
/** What a processor is where no variant is named (containerd, platforms.Normalize). */
const VARIANTS = lookup<string>({ amd64: 'v1', arm64: 'v8', arm: 'v7' });

/** The platform that `OS/ARCH[/VARIANT]` or `ARCH` spells; undefined where it spells none. */
export function parsePlatform(text: string): Platform | undefined {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9._-]{1,64}$/.test(part)))
    return undefined;
  const [os = '', named = '', variant] = parts.length === 1 ? ['linux', ...parts] : parts;
  const architecture = ARCHITECTURES[named] ?? named;
  const of = variant ?? (named === 'armel' ? 'v6' : undefined);
  return { os, architecture, ...(of === undefined ? {} : { variant: of }) };
}

/** True where `platform` is what `wanted` asks for; without a variant any of that processor will do. */
export function matchesPlatform(platform: Platform, wanted: Platform): boolean {
  if (platform.os !== wanted.os || architectureOf(platform) !== architectureOf(wanted))
    return false;
  return wanted.variant === undefined || variantOf(platform) === variantOf(wanted);
}

function architectureOf({ architecture }: Platform): string {
  return ARCHITECTURES[architecture] ?? architecture;
}

function variantOf(platform: Platform): string | undefined {
  const variant = platform.variant ?? '';
  return variant === '' ? VARIANTS[architectureOf(platform)] : variant.replace(/^(?=\d)/, 'v');
}
