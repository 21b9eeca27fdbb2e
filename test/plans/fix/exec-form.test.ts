import { describe, expect, test } from 'vitest';
import { execForm } from '../../../src/plans/fix/exec-form.ts';
import { fixed } from './support.ts';

describe('exec-form', () => {
  test.each([
    ['CMD', 'CMD node server.js --port 80', 'CMD ["node", "server.js", "--port", "80"]'],
    ['quotes', `CMD echo 'a "b" $c' "d e"f`, `CMD ["echo", "a \\"b\\" $c", "d ef"]`],
    ['exec', 'ENTRYPOINT exec java -jar /app.jar', 'ENTRYPOINT ["java", "-jar", "/app.jar"]'],
    ['over two lines', 'CMD node \\\n  server.js  ', 'CMD ["node", "server.js"]  '],
    [
      'a health check',
      'HEALTHCHECK --interval=5s cmd curl -f http://localhost/',
      'HEALTHCHECK --interval=5s cmd ["curl", "-f", "http://localhost/"]',
    ],
    [
      'a health check that makes a 1 of every code',
      'HEALTHCHECK CMD curl -f http://localhost/ || exit 1',
      'HEALTHCHECK CMD ["curl", "-f", "http://localhost/"]',
    ],
    ['both', 'ENTRYPOINT ["a"]\nCMD b c', 'ENTRYPOINT ["a"]\nCMD ["b", "c"]'],
  ])('%s', async (_, before, after) => {
    expect(await fixed(execForm, `FROM a\n${before}\n`)).toMatchObject({
      text: `FROM a\n${after}\n`,
      refusals: [],
      again: [],
    });
  });

  test.each([
    ['ok-array', 'CMD ["a"]'],
    ['ok-empty array', 'CMD []'],
    ['ok-none', 'HEALTHCHECK NONE'],
    ['ok-SHELL', 'SHELL ["/bin/bash", "-c"]\nCMD a'],
    ['ok-overridden', 'CMD a\nCMD ["b"]'],
    ['ok-ignored', '# scoville: ignore=shell-form-entrypoint it sets up things\nCMD a'],
  ])('%s', async (_, lines) => {
    const text = `FROM a\n${lines}\n`;
    expect(await fixed(execForm, text)).toMatchObject({ text, ids: [], refusals: [] });
  });

  test.each([
    ['CMD node $FILE', 'a variable or command is put in by the shell'],
    ['CMD "$A"', 'a variable or command is put in by the shell'],
    ['CMD a && b', 'it is more than one command'],
    ['CMD a; b', 'it is more than one command'],
    ['CMD a | b', 'it is a pipe'],
    ['CMD a & ', 'it starts something in the background'],
    ['CMD a > /log', 'its input or output is redirected'],
    ['CMD a *.js', 'the shell puts in names of files'],
    ['CMD A=1 b', 'it sets a variable, as ENV can'],
    ['CMD cd /app', 'cd is no program, the shell does it'],
    ["CMD ['a']x b'", undefined],
    ['CMD a \\\n  # why\n  b', 'comments stand between its lines'],
    ['CMD "a', 'a quote is not closed'],
  ])('refused: %s', async (line, reason) => {
    const text = `FROM a\n${line}\n`;
    const found = await fixed(execForm, text);
    expect([found.text, found.refusals]).toEqual([
      text,
      reason === undefined ? [] : [`2: CMD stays in shell form: ${reason}`],
    ]);
  });

  test('refused: ENTRYPOINT beside a CMD', async () => {
    const found = await fixed(execForm, 'FROM a\nENTRYPOINT run me\nCMD ["x"]\n');
    expect(found.refusals).toEqual([
      '2: ENTRYPOINT stays in shell form: in exec form it would get CMD as arguments, which the shell form ignores',
    ]);
  });
});
