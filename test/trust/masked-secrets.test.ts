import { describe, expect, test } from 'vitest';
import { cleanText } from '../../src/lib/text.ts';
import { SecretMask } from '../../src/trust/provenance.ts';

describe('SecretMask', () => {
  const mask = new SecretMask({
    'build-arg:NPM_TOKEN': 'hunter2hunter2',
    'build-arg:SHORT_TOKEN': 'a',
    'build-arg:VERSION': '1.2.3',
  });

  test('masks a value of several lines line by line too, but for short ones', () => {
    const key = '-----BEGIN KEY-----\r\n  MIIEvQIBADANBg\n==x\n';
    const lines = new SecretMask({ 'build-arg:DEPLOY_KEY': key });
    expect(lines.known('#7 0.1 MIIEvQIBADANBg\n#7 0.1 ==x')).toBe('#7 0.1 [masked]\n#7 0.1 ==x');
    expect(lines.known(`a ${key}b`)).toBe('a [masked]b');
  });

  test('masks a value as it is once its control characters are gone', () => {
    const value = 'hunter\u001b[31mtwo\u2028more';
    const known = new SecretMask({ 'build-arg:NPM_TOKEN': value });
    expect(known.known(`#7 0.1 ${cleanText(value)} b`)).toBe('#7 0.1 [masked] b');
  });

  test('masks secret arguments by name, keeps others', () => {
    expect(
      mask.args({
        'build-arg:NPM_TOKEN': 'hunter2hunter2',
        'build-arg:EMPTY_TOKEN': '',
        'build-arg:V': '1',
        target: 'app',
      }),
    ).toEqual({
      'build-arg:NPM_TOKEN': '[masked]',
      'build-arg:EMPTY_TOKEN': '',
      'build-arg:V': '1',
      target: 'app',
    });
  });

  test.each([
    ['echo hunter2hunter2 > x', 'echo [masked] > x'],
    ['NPM_TOKEN=other', 'NPM_TOKEN=[masked]'],
    ['VERSION=1.2.3', 'VERSION=1.2.3'],
    ['a is not masked', 'a is not masked'],
    ['https://user:pw@example.com/x', 'https://[masked]@example.com/x'],
    ['http://proxy.example.com:3128', 'http://proxy.example.com:3128'],
    ['git@github.com:o/r.git', 'git@github.com:o/r.git'],
    [`use ghp_${'a'.repeat(36)} here`, 'use [masked] here'],
    [`AKIA${'A'.repeat(16)}`, '[masked]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nabc', '[masked]'],
  ])('%j becomes %j', (text, masked) => {
    expect(mask.text(text)).toBe(masked);
  });

  test('masks JSON all the way down, keys too', () => {
    expect(
      mask.json({ env: ['A=1', 'NPM_TOKEN=x'], n: 1, b: null, hunter2hunter2: ['hunter2hunter2'] }),
    ).toEqual({
      env: ['A=1', 'NPM_TOKEN=[masked]'],
      n: 1,
      b: null,
      '[masked]': ['[masked]'],
    });
  });

  test('leaves out what nests deeper than anything that BuildKit writes', () => {
    let deep: unknown = 'hunter2hunter2';
    for (let i = 0; i < 10_000; i++) deep = [deep];
    expect(JSON.stringify(mask.json(deep))).toBe(`${'['.repeat(101)}null${']'.repeat(101)}`);
  });

  test('a value within another leaves no rest', () => {
    const both = new SecretMask({
      'build-arg:A_TOKEN': 'secret',
      'build-arg:B_TOKEN': 'secret-longer',
    });
    expect(both.text('x secret-longer y secret')).toBe('x [masked] y [masked]');
  });
});

test('labels stand in the image for everyone, so their names mask nothing', () => {
  const args = {
    'label:dev.scoville.secrets': 'by-file',
    'label:org.example.token': 'abcdefgh',
    'build-arg:API_TOKEN': 'hunter2hunter2',
  };
  const mask = new SecretMask(args);
  expect(mask.args(args)).toEqual({ ...args, 'build-arg:API_TOKEN': '[masked]' });
  expect(mask.text('secrets by-file, not hunter2hunter2')).toBe('secrets by-file, not [masked]');
});
