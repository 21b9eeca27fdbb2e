import type { ExecutableKind } from '../../model/facts.ts';

const MACHO = new Set(['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe']);

/** What the first bytes of an executable file say it is. */
export function executableKind(head: Uint8Array): ExecutableKind {
  if (head[0] === 0x23 && head[1] === 0x21) return 'script';
  if (head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46) return 'elf';
  if (head[0] === 0x4d && head[1] === 0x5a) return 'pe';
  return MACHO.has(Buffer.from(head.subarray(0, 4)).toString('hex')) ? 'macho' : 'unknown';
}

/** Text that only the program itself holds: its banner with a version. A tool that looks for busybox names it without. */
const BANNERS: readonly { readonly name: string; readonly text: RegExp }[] = [
  { name: 'busybox', text: /BusyBox v\d+\.\d+/ },
  { name: 'toybox', text: /toybox \d+\.\d+\.\d+|toybox v?%s/ },
];
/** What the banners share, and the bytes around it that a banner may take: programs are searched once, for three bytes. */
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

/** A variable that shells look up for `cd`, and few other programs know of: those that have it are searched for texts. */
const OF_SHELLS = Buffer.from('CDPATH');
/** Texts that only the shell itself holds, all of them; seen in what Debian 13 has of each. */
const SHELL_TEXTS: Readonly<Record<string, readonly string[]>> = {
  bash: ['GNU bash, version %s'],
  zsh: ['zsh %s (%s-%s-%s)'],
  mksh: [' KSH R', 'KSH_VERSION'],
  ksh93: ['Version AJM 93'],
  dash: ['Illegal number: %s', 'Syntax error: %s'],
};

/** The shell that an ELF file's content shows, whatever the file is called; a multi-call program's is not named. */
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
