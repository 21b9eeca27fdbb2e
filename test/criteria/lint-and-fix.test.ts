import { describe, expect, test } from 'vitest';
import { FIX_RULES } from '../../src/criteria/catalogue.ts';
import { applyDecided } from '../../src/fix/compose.ts';
import { ok } from '../../src/lib/errors.ts';
import type { Digest } from '../../src/model/reference.ts';
import { WRAPPERS } from '../../src/programs/options.ts';
import { cellText, tableRows } from '../fakes/table.ts';
import { linted } from '../lint/lint-support.ts';
import { withBase } from './bases.ts';
import { around } from './support.ts';

const DIGEST = `sha256:${'d'.repeat(64)}` as Digest;
const VERSIONS = [
  { type: 'deb', name: 'curl', version: '8.14.1-2' },
  { type: 'pypi', name: 'flask', version: '3.1.1' },
  { type: 'npm', name: 'tsx', version: '4.20.3' },
  { type: 'apk', name: 'curl', version: '8.14.1-r2' },
];

function countOf(text: string, lint: string): number {
  return linted(text).findings.filter(({ rule }) => rule === lint).length;
}

/**
 * How often lint finds a rule before and after all edits of a rule of fix, and what that one leaves
 * alone.
 */
async function fixedBy(lint: string, fix: string, text: string) {
  const { facts } = withBase({ user: '' });
  const settled = await applyDecided(
    { dockerfile: text, ignoreFile: undefined },
    around(
      FIX_RULES.filter(({ id }) => id === fix),
      {
        facts: {
          ...facts,
          digests: new Map([['docker.io/library/a:latest', ok(DIGEST)]]),
          versions: new Map([0, 1].map((stage) => [stage, ok(VERSIONS)])),
          hashes: new Map([['https://x.org/f', ok({ digest: DIGEST, size: 1 })]]),
        },
      },
    ),
    () => 'apply',
  );
  if (!settled.ok) throw new Error(settled.error.message);
  const { files, refusals } = settled.value;
  return {
    before: countOf(text, lint) > 0,
    after: countOf(files.dockerfile, lint),
    refusals: refusals.map(({ reason }) => reason),
  };
}

const FIXED = { before: true, after: 0, refusals: [] };
const ROWS = tableRows('test/criteria/lint-and-fix.tsv');

/** A word of its own that a wrapper takes before its command. */
const OWN: Readonly<Record<string, string>> = {
  timeout: '60',
  gosu: 'root',
  'su-exec': 'root',
  's6-setuidgid': 'root',
  chroot: '/x',
  flock: '/run/lock',
  faketime: '2020-01-01',
  taskset: '1',
  setarch: 'x86_64',
  runuser: '-u root',
  setuidgid: 'root',
  chrt: '0',
  envdir: '/e',
  's6-envdir': '/e',
  's6-envuidgid': 'root',
};

/** Commands that lint finds something in, with the rule of lint and that of fix. */
const COMMANDS: readonly (readonly [string, string, string])[] = [
  ['package-cache-kept', 'package-caches', 'apt-get update && apt-get install -y curl'],
  ['package-cache-kept', 'package-caches', 'apk add curl'],
  ['package-cache-kept', 'package-caches', 'dnf install -y curl'],
  ['package-cache-kept', 'package-caches', 'pip install flask==3.1.1'],
  ['package-cache-kept', 'package-caches', 'npm ci'],
  ['pinned-packages', 'pin-packages', 'apt-get install -y curl'],
  ['pinned-packages', 'pin-packages', 'apk add curl'],
  ['pinned-packages', 'pin-packages', 'pip install flask'],
  ['pinned-packages', 'pin-packages', 'npm install -g tsx'],
];
/** Downloads: in a condition or a script of its own their file is checked by nobody. */
const DOWNLOADS: typeof COMMANDS = [
  ['verified-downloads', 'verify-downloads', 'curl -fsSLo /f https://x.org/f'],
  ['verified-downloads', 'verify-downloads', 'wget -q -O /f https://x.org/f'],
];
const wrapped = Object.keys(WRAPPERS).map((name) =>
  [name, OWN[name]].filter((word) => word !== undefined).join(' '),
);

describe('what lint finds, fix edits, behind each wrapper', () => {
  // `chroot` works in another root, whose lists rm does not reach; xargs reads more names, which
  // nobody knows.
  test.each([...COMMANDS, ...DOWNLOADS])('%s, %s: %s', async (lint, fix, command) => {
    const wrong: unknown[] = [];
    for (const wrapper of wrapped) {
      const text = `FROM a\nRUN ${wrapper} ${command.replace('&& ', `&& ${wrapper} `)}\n`;
      const found = await fixedBy(lint, fix, text);
      const atEnd = /apt-get update|dnf|curl -f|wget/.test(command);
      const below = wrapper.startsWith('chroot') && /apt-get update|dnf/.test(command);
      const open = wrapper === 'xargs' && /pin-packages|verify/.test(fix) && !/wget/.test(command);
      const why = below
        ? 'below another root'
        : wrapper === 'exec' && atEnd
          ? 'nothing runs after exec'
          : open
            ? 'is not constant'
            : undefined;
      const expected = why
        ? { before: true, after: 1, refusals: [expect.stringContaining(why)] }
        : FIXED;
      try {
        expect(found).toEqual(expected);
      } catch {
        wrong.push([text, found]);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** Ways to write a command into a RUN. */
const FORMS: Readonly<Record<string, (command: string) => string>> = {
  plain: (command) => `RUN ${command}`,
  'behind another command': (command) => `RUN set -eux; mkdir /x && ${command}`,
  'on several lines': (command) => `RUN set -ex \\\n  # why\n  && ${command} \\\n  && echo done`,
  'before a comment': (command) => `RUN ${command} # why`,
  'in a here-document': (command) => `RUN <<EOF\nset -e\n${command}\necho done\nEOF`,
  'in a here-document of a shell': (command) => `RUN bash -e <<'EOF'\n${command}\nEOF`,
  'in sh -c': (command) => `RUN sh -c '${command}'`,
  'in sh -c with double quotes': (command) => `RUN bash -exc "set -e; ${command}; ls"`,
  'in a script in a script': (command) => `RUN bash -c "sh -c '${command}'"`,
  'in su -c': (command) => `RUN su root -c '${command}'`,
  'in a subshell': (command) => `RUN (${command})`,
  'in a group with a redirect': (command) => `RUN { ${command}; } > /log 2>&1`,
  'in a condition': (command) => `RUN if [ -f /x ]; then ${command}; fi`,
  'in a loop': (command) => `RUN for x in 1 2; do ${command}; done`,
  'with a flag': (command) => `RUN --network=host ${command}`,
  'as a script in exec form': (command) => `RUN ["/bin/bash", "-ec", "${command}"]`,
};

describe('what lint finds, fix edits, in each form', () => {
  test.each(
    Object.entries(FORMS).flatMap(([name, form]) =>
      COMMANDS.map((one) => [name, form(one[2]), one[0], one[1]] as const),
    ),
  )('%s: %s', async (_, run, lint, fix) => {
    expect(await fixedBy(lint, fix, `FROM a\n${run}\n`)).toEqual(FIXED);
    expect(await fixedBy(lint, fix, `FROM a\r\n${run.replaceAll('\n', '\r\n')}\r\n`)).toEqual(
      FIXED,
    );
  });

  test.each(ROWS)('%s, %s: %s', async (lint = '', fix = '', lines = '', why = '') => {
    const found = await fixedBy(lint, fix, `FROM a\n${cellText(lines)}\n`);
    expect(found).toEqual(why === '' ? FIXED : { before: true, after: 1, refusals: [why] });
  });
});
