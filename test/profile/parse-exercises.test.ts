import { describe, expect, test } from 'vitest';
import { parseExercises } from '../../src/profile/exercises.ts';

describe('parseExercises', () => {
  test('reads requests and commands', async () => {
    const text = `
- http: {path: /healthz, expect: {status: 200, body: ok}}
- http: {path: /links, method: PUT, port: 9090, headers: {Authorization: Bearer x}, body: '{}'}
- run: [/app, --version]
`;
    expect(await parseExercises(text, 'e.yaml')).toEqual({
      ok: true,
      value: [
        {
          kind: 'http',
          path: '/healthz',
          method: 'GET',
          headers: {},
          body: undefined,
          port: undefined,
          expect: { status: 200, body: 'ok' },
        },
        {
          kind: 'http',
          path: '/links',
          method: 'PUT',
          headers: { Authorization: 'Bearer x' },
          body: '{}',
          port: 9090,
          expect: {},
        },
        { kind: 'run', command: ['/app', '--version'] },
      ],
    });
  });

  test.each([
    ['- {}\n', 'an exercise is either http or run'],
    ['- {run: [a], http: {path: /}}\n', 'an exercise is either http or run'],
    ['- run: []\n', 'an exercise is either http or run'],
    ['- http: {path: healthz}\n', 'a path that begins with /'],
    ['- http: {path: /, status: 200}\n', 'unknown key "status"'],
    ['- http: {path: "/ HTTP/1.1\\r\\nX: y"}\n', 'a path that begins with /'],
    ['- http: {path: /, headers: {X: "a\\r\\nb"}}\n', 'one line of text'],
    ['- http: {path: /, port: 0}\n', 'from 1 to 65535'],
    ['http: {path: /}\n', 'must be a list'],
    ['- run: [1]\n', 'text; put it in quotes'],
  ])('%j is a problem with its place', async (text, message) => {
    const read = await parseExercises(text, 'e.yaml');
    expect(read.ok).toBe(false);
    expect(read.ok ? '' : read.error[0]?.message).toContain(message);
    expect(read.ok ? 0 : read.error[0]?.line).toBe(1);
  });
});
