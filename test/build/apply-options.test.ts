import { expect, test } from 'vitest';
import { applyOptions } from '../../src/build/flags.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import type { Settings } from '../../src/model/settings.ts';
import { parsed } from './given.ts';

function settings(from: Settings, ...argv: readonly string[]): Settings {
  return applyOptions(from, parsed(...argv, '.').own);
}

const configured: Settings = {
  ...DEFAULT_SETTINGS,
  sign: { enabled: false, keyless: false, key: 'configured', publicLog: false, format: 'auto' },
};

test.each([
  [[], { enabled: false, keyless: false, key: 'configured' }],
  [['--sign'], { enabled: true, keyless: false, key: 'configured' }],
  [['--key=k'], { enabled: true, keyless: false, key: 'k' }],
  [['--keyless'], { enabled: true, keyless: true }],
  [
    ['--signature-format=bundle'],
    { enabled: false, keyless: false, key: 'configured', format: 'bundle' },
  ],
  [['--key=k', '--no-sign'], { enabled: false, keyless: false, key: 'k' }],
])('signing: %j', (argv, sign) => {
  expect(settings(configured, ...argv).sign).toEqual({
    format: 'auto',
    publicLog: false,
    ...sign,
  });
});
