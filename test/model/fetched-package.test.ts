import { expect, test } from 'vitest';
import { fetchedFiles, packageOfAddress } from '../../src/model/build-analysis.ts';
import { digestOf } from '../../src/model/reference.ts';
import { tableRows } from '../fakes/table.ts';

test.each(tableRows('test/model/fetched-packages.tsv'))('%s', (address, named, version) => {
  const found = packageOfAddress(address);
  expect([`${found?.type ?? ''}/${found?.name ?? ''}`, found?.version]).toEqual([named, version]);
});

test('an address without a name is not a package', () => {
  expect(packageOfAddress('https://example.com/')).toBeUndefined();
});

test('a file is asked for by the first address of its redirects; a circle ends', () => {
  const digest = digestOf('x');
  const to = (address: string, location: string) => ({
    address,
    status: 302,
    headers: { location },
    digest,
    size: 0,
  });
  const files = fetchedFiles(
    new Map([
      [
        'build',
        [
          to('https://github.com/a/b/releases/download/v1/c', 'https://o.example/1?sig=REDACTED'),
          { address: 'https://o.example/1?sig=REDACTED', digest, size: 1 },
          { address: 'https://e.example/head', method: 'HEAD', digest, size: 0 },
          to('https://e.example/x', '/y'),
          to('https://e.example/y', '/x'),
          { address: 'https://e.example/x', digest, size: 1 },
        ],
      ],
    ]),
  );
  expect(files.map(({ asked, stage }) => [stage, asked])).toEqual([
    ['build', 'https://github.com/a/b/releases/download/v1/c'],
    ['build', expect.stringContaining('https://e.example/') as string],
  ]);
});
