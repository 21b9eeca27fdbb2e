import { describe, expect, test } from 'vitest';
import { drawnSecretLine } from '../../src/facts/secrets/secret-value.ts';

describe('a line that has what may be a secret and another seed makes otherwise', () => {
  test.each([
    ['a key in JSON', '{\n"signing": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"\n}', 2],
    ['a token in a path', 'url https://a.example/hook/Zk3vQ9xLr2Tn8WbYc5Hd', 1],
    ['base64 of a key', 'a\nb\nMDEyMzQ1N+jg5YWJjZGVm/Zk3vQ9x==\n', 3],
    ['a short password', 'user = desk\npassword = x7Gk', 2],
    ['a UUID that is named a token', 'api-token: 1b4e28ba-2fa1-41d2-883f-0016d3cca427', 1],
    ['one in an attribute', '<secret>kitten42</secret>', 1],
    ['one in a table of PHP', "'app_secret' => 'kitten42'", 1],
  ])('%s', (_, text, line) => {
    expect(drawnSecretLine(text, text.replace(/\w/g, 'z'))).toBe(line);
  });

  test.each([
    ['a UUID', 'instance = 1b4e28ba-2fa1-41d2-883f-0016d3cca427'],
    ['a number', 'jitter = 217'],
    ['an order', 'order = shard-07,shard-11,shard-02'],
  ])('and not %s', (_, text) => {
    expect(drawnSecretLine(text, text.replace(/\w/g, 'z'))).toBeUndefined();
  });

  test('and not what both have, in another order too', () => {
    const keys = ['a=9f86d081884c7d659a2feaa0c55ad015', 'b=Zk3vQ9xLr2Tn8WbYc5Hd'];
    expect(drawnSecretLine(keys.join('\n'), keys.toReversed().join('\n'))).toBeUndefined();
  });
});
