import type { CommandEvent } from '../command-event.ts';
import { chmodOf, modeChange } from './file-mode.ts';
import { absolute, type Around, foundIn, GIVEN, namedBy } from './named-files.ts';

/** What chmod sets and clears. */
export function changeMode(event: CommandEvent, around: Around): void {
  const { argv, range } = event;
  const read = chmodOf(argv.map(({ text }) => text));
  const mode = argv[read?.at ?? 0];
  if (read === undefined || mode === undefined) return;
  const { change, isDeep } = read;
  const operands = read.operands.flatMap((at) => argv[at] ?? []);
  const { ledger } = around;
  if (!mode.constant) {
    const [first] = operands;
    if (first?.constant === true)
      ledger.elevate(
        absolute(event, first.text),
        'setuid bit',
        range,
        `the mode ${mode.text} is not known`,
      );
    return;
  }
  for (const operand of change === undefined ? [] : operands) {
    const named = namedBy(event, operand, around);
    if (named !== undefined)
      ledger.lower(named, (bits) => change?.clears.some((bit) => bits.startsWith(bit)) === true);
    const [bit] = change?.sets ?? [];
    if (bit === undefined) continue;
    const path = GIVEN.test(operand.text)
      ? (foundIn(event, around) ?? operand.text)
      : absolute(event, operand.text);
    const isFolder =
      !isDeep && (path.endsWith('/') || operand.text.endsWith('/') || ledger.folders.has(path));
    if (isFolder || isFoundFolder(event, around)) continue;
    // A folder with a setgid bit is not a file that runs.
    const open = bit === 'setgid' && !isDeep ? 'it may be a folder' : undefined;
    ledger.elevate(path, `${bit} bit`, range, open);
  }
}

/** `find -type d -exec`. */
function isFoundFolder({ argv }: CommandEvent, { before }: Around): boolean {
  if (!argv.some(({ text }) => GIVEN.test(text))) return false;
  const find = before.findLast(({ program }) => program === 'find');
  return find !== undefined && /-type d\b/.test(find.argv.map(({ text }) => text).join(' '));
}

/** What setcap sets, and takes away. */
export function changeCapabilities(event: CommandEvent, around: Around): void {
  const { argv, range } = event;
  const words = argv.slice(1).filter(({ text }) => !/^-[qvnf]/.test(text));
  const [first, ...rest] = words;
  if (first?.text === '-r') {
    for (const field of rest) {
      const named = namedBy(event, field, around);
      if (named !== undefined) around.ledger.lower(named, (bits) => bits === 'capabilities');
    }
    return;
  }
  words.forEach((field, at) => {
    if (at % 2 === 0 || words[at - 1]?.text === '-') return;
    around.ledger.elevate(absolute(event, field.text), 'capabilities', range);
  });
}

/** `dpkg-statoverride --update --add USER GROUP MODE FILE`. */
export function overrideMode({ argv, range }: CommandEvent, { ledger }: Around): void {
  const words = argv.slice(1).map(({ text }) => text);
  const [mode = '', path] = words.slice(words.indexOf('--add') + 1).slice(2);
  const [bit] = modeChange(mode)?.sets ?? [];
  if (words.includes('--add') && bit !== undefined && path !== undefined)
    ledger.elevate(path, `${bit} bit`, range);
}
