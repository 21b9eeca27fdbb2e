import { expect, test } from 'vitest';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { contentAfter, sample } from './sample-layer.ts';

const PATH = 'src/build/meson-private/coredata.dat';
const pickle = (text: string): Buffer => Buffer.from(`\x80\x04\x95${text}\xff.`, 'latin1');
const after = (path: string, bytes: Buffer): Promise<Buffer> =>
  contentAfter(sample(path, bytes), { rules: ruleSet('aggressive') });

test('ids that Meson draws are numbered, the same one by the same number', async () => {
  const first = '8C1F6B2A-90D4-4E7B-A1C3-5D2E8F901234';
  const second = '0A1B2C3D-4E5F-4A6B-9C7D-8E9F0A1B2C3D';
  const constant = '8BC9CEB8-8B4A-11D0-8D11-00A0C91BC942';
  expect(await after(PATH, pickle(`${first} ${constant} ${second} ${first}`))).toEqual(
    pickle(
      `00000000-0000-4000-8000-000000000001 ${constant} 00000000-0000-4000-8000-000000000002 00000000-0000-4000-8000-000000000001`,
    ),
  );
});

test.each([
  ['elsewhere', 'srv/coredata.dat', pickle('8C1F6B2A-90D4-4E7B-A1C3-5D2E8F901234')],
  ['no pickle', PATH, Buffer.from('8C1F6B2A-90D4-4E7B-A1C3-5D2E8F901234')],
])('left alone: %s', async (_, path, bytes) => {
  expect(await after(path, bytes)).toEqual(bytes);
});
