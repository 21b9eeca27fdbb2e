import { elfSections } from '../formats/elf.ts';

const SHOWN = 5;

/** The sections of two ELF files that differ, by name. */
export function elfDifference(first: Uint8Array, second: Uint8Array): string {
  const before = elfSections(first);
  const after = elfSections(second);
  if (before === undefined || after === undefined) return 'ELF: its section table cannot be read';
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    return a === undefined || b === undefined || Buffer.compare(a, b) !== 0;
  });
  if (names.length === 0) return 'ELF: headers or what lies between the sections';
  const shown = names.slice(0, SHOWN).map((name) => name.slice(0, 60) || '(unnamed)');
  return `ELF section ${shown.join(', ')}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}`;
}
