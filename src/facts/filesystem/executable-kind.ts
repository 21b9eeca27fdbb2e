import type { ExecutableKind } from '../../model/facts.ts';

const MACHO = new Set(['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe']);

/** What the first bytes of an executable file say it is. */
export function executableKind(head: Uint8Array): ExecutableKind {
  if (head[0] === 0x23 && head[1] === 0x21) return 'script';
  if (head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46) return 'elf';
  if (head[0] === 0x4d && head[1] === 0x5a) return 'pe';
  return MACHO.has(Buffer.from(head.subarray(0, 4)).toString('hex')) ? 'macho' : 'unknown';
}

/** Text that only the program has: its banner with a version, which tools that look for it lack. */
const BANNERS: readonly { readonly name: string; readonly text: RegExp }[] = [
  { name: 'busybox', text: /BusyBox v\d+\.\d+/ },
  { name: 'toybox', text: /toybox \d+\.\d+\.\d+|toybox v?%s/ },
];
/** What all banners share, to search programs once, and how many bytes a banner takes around it. */
const SHARED = Buffer.from('ox ');
const BEFORE = 5;
const BEHIND = 35;

/** The multi-call program that an ELF file's content shows, whatever the file is called. */
export function multicallOf(content: Uint8Array): string | undefined {
  const bytes = asBuffer(content);
  for (let at = bytes.indexOf(SHARED); at >= 0; at = bytes.indexOf(SHARED, at + 1)) {
    const around = bytes.toString('latin1', Math.max(0, at - BEFORE), at + BEHIND);
    const found = BANNERS.find(({ text }) => text.test(around));
    if (found !== undefined) return found.name;
  }
  return undefined;
}

/** A variable for `cd`, known to shells and few other programs: only these are searched further. */
const OF_SHELLS = Buffer.from('CDPATH');
/** Texts that only the shell itself contains, all of them; seen in what Debian 13 has of each. */
const SHELL_TEXTS: Readonly<Record<string, readonly string[]>> = {
  bash: ['GNU bash, version %s'],
  zsh: ['zsh %s (%s-%s-%s)'],
  mksh: [' KSH R', 'KSH_VERSION'],
  ksh93: ['Version AJM 93'],
  dash: ['Illegal number: %s', 'Syntax error: %s'],
};

/** The shell that an ELF file's content shows, under any name; none for a multi-call program. */
export function shellOf(content: Uint8Array): string | undefined {
  const bytes = asBuffer(content);
  if (!bytes.includes(OF_SHELLS)) return undefined;
  const found = Object.entries(SHELL_TEXTS).find(([, texts]) =>
    texts.every((text) => bytes.includes(text)),
  );
  return found?.[0];
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
