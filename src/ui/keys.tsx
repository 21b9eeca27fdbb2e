import { Box, Text } from 'ink';
import type { Marks } from './marks.ts';

/** Keys of one screen, the most used first. */
export type KeyList = readonly (readonly [key: string, does: string])[];

const HELP: KeyList = [['?', 'keys']];
const END: KeyList = [['q', 'end']];

export const KEYS = {
  card: [
    ['enter', 'evidence'],
    ['f', 'edits of the Dockerfile'],
    ['v', 'all checks'],
    ['up, down', 'choose'],
  ],
  finding: [
    ['esc', 'back'],
    ['n, p', 'next, previous'],
    ['up, down', 'scroll'],
  ],
  edits: [
    ['space', 'pick'],
    ['a', 'all'],
    ['enter', 'apply'],
    ['d, u', 'diff'],
    ['esc', 'back'],
  ],
  confirm: [
    ['y', 'write and build again'],
    ['w', 'write only'],
    ['n', 'back'],
  ],
  confirmFix: [
    ['y', 'write'],
    ['n', 'back'],
  ],
  failure: [
    ['esc', 'back'],
    ['up, down', 'scroll'],
  ],
  working: [['ctrl-c', 'cancel']],
} satisfies Record<string, KeyList>;

interface Props {
  readonly keys: KeyList;
  /** Whether `q` ends the screen now. */
  readonly ends: boolean;
}

/**
 * The keys of a screen on its last row; where not all have room, the one that shows them all has.
 */
export function KeyRow({
  keys,
  ends,
  marks,
  columns,
}: Props & { readonly marks: Marks; readonly columns: number }) {
  const textOf = (shown: KeyList): string =>
    [...shown, ...HELP, ...(ends ? END : [])]
      .map(([key, does]) => `${key} ${does}`)
      .join(` ${marks.between} `);
  const most = keys.findLastIndex((_, i) => textOf(keys.slice(0, i + 1)).length <= columns);
  return (
    <Text dimColor wrap="truncate-end">
      {textOf(keys.slice(0, most + 1))}
    </Text>
  );
}

/** All keys of a screen, one a row. */
export function KeyHelp({ keys, ends }: Props) {
  const rows: KeyList = [
    ...keys,
    ['pgup, pgdn', 'a page'],
    ['j, k', 'as down and up'],
    ...HELP,
    ...(ends ? END : []),
    ['ctrl-c', 'stop at once, exit code 130'],
  ];
  return (
    <Box flexDirection="column">
      <Text bold>Keys</Text>
      {rows.map(([key, does]) => (
        <Text key={key}>
          {'  '}
          {key.padEnd(12)} {does}
        </Text>
      ))}
      <Text dimColor>any key goes back</Text>
    </Box>
  );
}
