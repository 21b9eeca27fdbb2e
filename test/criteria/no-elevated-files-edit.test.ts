import { describe, expect, test } from 'vitest';
import { elevatedFiles } from '../../src/criteria/no-elevated-files.ts';
import { err } from '../../src/lib/errors.ts';
import { withBase, WITHOUT_BASE } from './bases.ts';
import { fixed } from './support.ts';

const RUN = 'RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} +';
const SUID = { elevated: ['usr/bin/su', 'usr/bin/passwd'] };

describe('elevated-files', () => {
  test.each([
    ['behind FROM', 'FROM a\nCMD ["x"]\n', `FROM a\n${RUN}\nCMD ["x"]\n`, withBase(SUID)],
    [
      'behind what runs as root',
      'FROM a\nRUN y\nUSER 1\nCOPY z /z\n',
      `FROM a\nRUN y\n${RUN}\nUSER 1\nCOPY z /z\n`,
      withBase(SUID),
    ],
    [
      'between two users',
      'FROM a\nCMD ["x"]\n',
      `FROM a\nUSER root\n${RUN}\nUSER app\nCMD ["x"]\n`,
      withBase({ ...SUID, user: 'app' }),
    ],
    [
      'once more, where packages are installed later',
      `FROM a\n${RUN}\nRUN apt-get install -y x\n`,
      `FROM a\n${RUN}\nRUN apt-get install -y x\n${RUN}\n`,
      withBase(SUID),
    ],
  ])('%s', async (_, before, after, more) => {
    expect(await fixed(elevatedFiles, before, more)).toMatchObject({
      text: after,
      refusals: [],
      again: [],
    });
  });

  test.each([
    ['ok-none in the base', 'FROM a\n', withBase()],
    ['ok-done', `FROM a\n${RUN}\n`, withBase(SUID)],
    [
      'ok-done otherwise',
      'FROM a\nRUN find / -perm /4000 -exec chmod u-s {} \\;\n',
      withBase(SUID),
    ],
    [
      'ok-done through a pipe',
      'FROM a\nRUN find / -perm /6000 | xargs chmod ug-s\n',
      withBase(SUID),
    ],
    ['ok-done by numbers', 'FROM a\nRUN find / -type f -exec chmod 755 {} +\n', withBase(SUID)],
    ['ok-scratch', 'FROM scratch\n', {}],
    [
      'ok-distroless',
      'FROM gcr.io/distroless/cc-debian13:nonroot\nCOPY a /a\n',
      { facts: { bases: new Map([['gcr.io/distroless/cc-debian13:nonroot', err('far')]]) } },
    ],
  ])('%s', async (_, text, more) => {
    expect(await fixed(elevatedFiles, text, more)).toMatchObject({ text, ids: [], refusals: [] });
  });

  test.each([
    [
      'a base that cannot be had',
      'FROM a\n',
      WITHOUT_BASE,
      '1: the base a could not be read: no such host',
    ],
    [
      'no shell',
      'FROM a\n',
      withBase({ ...SUID, has: () => false }),
      '1: 2 files of the base stay setuid or setgid (/usr/bin/su, /usr/bin/passwd): the image does not have a shell to remove the bits',
    ],
    [
      'an entry point that needs one',
      'FROM a\nCMD sudo x\n',
      withBase(SUID),
      '1: 2 files of the base stay setuid or setgid (/usr/bin/su, /usr/bin/passwd): CMD starts sudo',
    ],
    [
      'a RUN that sets one',
      'FROM a\nRUN chmod u+s /x\n',
      withBase(SUID),
      '1: 2 files of the base stay setuid or setgid (/usr/bin/su, /usr/bin/passwd): line 2 sets such a bit itself',
    ],
    ...[
      'RUN install -m 4755 /src/x /usr/bin/x',
      'COPY --chmod=4755 x /usr/bin/x',
      'RUN chmod u=rwxs /x',
    ].map((line): [string, string, ReturnType<typeof withBase>, string] => [
      line,
      `FROM a\n${line}\n`,
      withBase(SUID),
      '1: 2 files of the base stay setuid or setgid (/usr/bin/su, /usr/bin/passwd): line 2 sets such a bit itself',
    ]),
  ])('refused: %s', async (_, text, more, reason) => {
    const found = await fixed(elevatedFiles, text, more);
    expect([found.text, found.refusals]).toEqual([text, [reason]]);
  });
});
