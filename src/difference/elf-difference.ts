import { elfSections } from '../formats/elf.ts';
import { bytesDiffer, differingNames, listedNames } from './listed-names.ts';
import { quoted } from './quoted.ts';

const SHOWN = 5;
const LONGEST_TEXT = 40;

/** The sections of two ELF files that differ, by name. */
export function elfDifference(first: Uint8Array, second: Uint8Array): string {
  const before = elfSections(first);
  const after = elfSections(second);
  if (before === undefined || after === undefined) return 'ELF: its section table cannot be read';
  const names = differingNames(before, after, bytesDiffer);
  if (names.length === 0) return 'ELF: headers or what lies between the sections';
  const constants = names.includes('.rodata')
    ? differingText(before.get('.rodata'), after.get('.rodata'))
    : '';
  return `ELF section ${listedNames(names, SHOWN, 60)}${constants}`;
}

/** The text around the first byte that differs, where it is one on both sides. */
function differingText(first: Uint8Array | undefined, second: Uint8Array | undefined): string {
  if (first === undefined || second === undefined) return '';
  let at = 0;
  while (at < first.length && first[at] === second[at]) at += 1;
  const [a, b] = [textAround(first, at), textAround(second, at)];
  return a === '' || b === '' ? '' : `: ${quoted(a)} and ${quoted(b)}`;
}

function textAround(bytes: Uint8Array, at: number): string {
  const isText = (i: number): boolean => (bytes[i] ?? 0) >= 0x20 && (bytes[i] ?? 0x7f) < 0x7f;
  let from = at;
  let to = at;
  while (at - from < LONGEST_TEXT && isText(from - 1)) from -= 1;
  while (to - at < LONGEST_TEXT && isText(to)) to += 1;
  return Buffer.from(bytes.subarray(from, to)).toString('latin1');
}
