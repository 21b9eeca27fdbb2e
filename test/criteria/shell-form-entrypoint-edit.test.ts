import { describe, expect, test } from 'vitest';
import { execForm } from '../../src/criteria/exec-form.ts';
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
    [
      'a port that stands before a redirection',
      'HEALTHCHECK CMD curl -f localhost:8082>/dev/null 2>&1 || exit 1',
      'HEALTHCHECK CMD ["curl", "-f", "localhost:8082"]',
    ],
    [
      'a descriptor that does',
      'HEALTHCHECK CMD curl -f localhost 1>/dev/null 2>>/dev/null || false',
      'HEALTHCHECK CMD ["curl", "-f", "localhost"]',
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
    ['CMD node $FILE', 'the shell puts in FILE'],
    ['CMD "$A"', 'the shell puts in A'],
    ['CMD a $(b)', 'a command or an expression is put in by the shell'],
    ['CMD a ${B:=c}', 'the shell puts in B'],
    ['CMD a ${B:-`c`}', 'a command or an expression is put in by the shell'],
    ['CMD a && b', 'it is more than one command'],
    ['CMD a; b', 'it is more than one command'],
    ['CMD a | b', 'it is a pipe'],
    ['CMD a & ', 'it starts something in the background'],
    ['CMD a > /log', 'its input or output is redirected'],
    ['CMD a *.js', 'the shell puts in names of files'],
    ['CMD A=1 b', 'it sets a variable, as ENV can'],
    ['CMD cd /app', 'cd is not a program but part of the shell'],
    ["CMD ['a']x b'", 'it looks like a JSON array and is none, as strings need double quotes'],
    ['CMD a \\\n  # why\n  b', 'comments stand between its lines'],
    ['CMD "a', 'a quote is not closed'],
  ])('refused: %s', async (line, reason) => {
    const text = `FROM a\n${line}\n`;
    const found = await fixed(execForm, text);
    expect([found.text, found.refusals]).toEqual([text, [`2: CMD stays in shell form: ${reason}`]]);
  });

  test('refused: ENTRYPOINT beside a CMD', async () => {
    const found = await fixed(execForm, 'FROM a\nENTRYPOINT run me\nCMD ["x"]\n');
    expect(found.refusals).toEqual([
      '2: ENTRYPOINT stays in shell form: in exec form it would get CMD as arguments, which the shell form ignores',
    ]);
  });

  test('a setting of ENV stays one that is given when a container starts', async () => {
    const text = 'FROM a\nENV PORT=3000\nCMD node s.js --port $PORT\n';
    expect(await fixed(execForm, text)).toMatchObject({
      text,
      refusals: ['3: CMD stays in shell form: the shell puts in PORT'],
    });
  });
});
