import { expect, test } from 'vitest';
import { BUILD, BUILDX_FLAGS, OWN_FLAGS } from '../../src/build/flags.ts';
import { commandHelp } from '../../src/cli/command-help.ts';
import { bool, shownFlags, standard, text, whole } from '../../src/cli/flag-table.ts';

const HELP = commandHelp(BUILD, 80, true);

test('every shown flag has a line that fits a terminal, hidden ones have none', () => {
  for (const flag of [...OWN_FLAGS, ...BUILDX_FLAGS]) {
    const lines = HELP.split('\n').filter((line) =>
      new RegExp(`  --${flag.name}( |\\[=|$)|, --${flag.name}( |$)`).test(line),
    );
    expect([flag.name, lines.length]).toEqual([flag.name, flag.hidden === true ? 0 : 1]);
  }
  expect(HELP.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('the usual help of build is grouped, and leaves out what few need', () => {
  const help = commandHelp(BUILD);
  const titles = [...help.matchAll(/^(?!Usage)([A-Z][a-z ]+)$/gm)].map(([title]) => title);
  expect(titles).toEqual([
    'What is built',
    'Output',
    'Reproducibility',
    'Signing and attestations',
    'Grade and gate',
    'Reports and settings',
  ]);
  // docker buildx build 0.29 prints 68.
  expect(help.split('\n').length).toBeLessThanOrEqual(100);
  expect(help).not.toContain('--fulcio-url');
  expect(help).toContain('--help=all shows every flag');
  expect(HELP).toContain('--fulcio-url');
});

test('a group names flags that exist, each once', () => {
  const names = (BUILD.groups ?? []).flatMap(([, flags]) => flags.split(' '));
  const shown = new Set(shownFlags(BUILD).map(({ name }) => name));
  expect(names.filter((name) => !shown.has(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

test('usages, titles, defaults and long texts', () => {
  const help = commandHelp({
    name: 'one',
    usage: ['one FILE', 'one --all'],
    about: `\nDoes it, in a line that is longer than\nthe eighty columns of a terminal, and so it is wrapped.\n`,
    examples: [['scoville one a', 'does a']],
    exits: [['0', 'done']],
    flags: {
      all: bool('All of them', { short: 'a' }),
      file: text('FILE', `${'word '.repeat(20)}end`, { standard: 'none' }),
      jobs: standard(whole('N', 'At once', { least: 1, most: 9 }), '4'),
    },
    titles: { jobs: 'Speed' },
    end: 'The end.',
  });
  expect(help).toBe(`Usage: scoville one FILE
       scoville one --all

Does it, in a line that is longer than the eighty columns of a terminal, and so
it is wrapped.

Examples:
  scoville one a  does a

  -a, --all        All of them
      --file FILE  word word word word word word word word word word word word
                   word word word word word word word word end (default: none)

Speed
      --jobs N     At once (default: 4)

The end.

Exit codes:
  0      done
`);
});
