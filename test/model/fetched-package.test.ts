import { expect, test } from 'vitest';
import { fetchedFiles, packageOfAddress } from '../../src/model/build-analysis.ts';
import { digestOf } from '../../src/model/reference.ts';

test.each([
  ['https://registry.npmjs.org/is-number/-/is-number-7.0.0.tgz', 'npm/is-number', '7.0.0'],
  ['https://r.example.com/npm/@babel/core/-/core-7.1.0-rc.1.tgz', 'npm/@babel/core', '7.1.0-rc.1'],
  [
    'https://files.pythonhosted.org/packages/a/b/Zope_Interface-6.1-cp311-cp311-manylinux.whl',
    'pypi/zope-interface',
    '6.1',
  ],
  ['https://files.pythonhosted.org/packages/a/b/c/foo.bar-1.2.tar.gz', 'pypi/foo-bar', '1.2'],
  [
    'https://proxy.golang.org/github.com/!burnt!sushi/toml/@v/v1.3.2.zip',
    'golang/github.com/BurntSushi/toml',
    'v1.3.2',
  ],
  ['https://static.crates.io/crates/serde_json/1.0.1/download', 'cargo/serde_json', '1.0.1'],
  ['https://static.crates.io/crates/serde/serde-1.0.1.crate', 'cargo/serde', '1.0.1'],
  ['https://rubygems.org/gems/nokogiri-1.16.0-x86_64-linux.gem', 'gem/nokogiri', '1.16.0'],
  ['http://deb.debian.org/debian/pool/main/c/curl/curl_8.14.1-2_amd64.deb', 'deb/curl', '8.14.1-2'],
  ['http://d.example/pool/main/g/git/git_1%3a2.47.3-0_amd64.deb', 'deb/git', '1:2.47.3-0'],
  ['https://m.example/Packages/j/jq-1.7.1-8.el9.x86_64.rpm', 'rpm/jq', '1.7.1-8.el9'],
  ['https://dl-cdn.alpinelinux.org/alpine/v3.22/main/x86_64/jq-1.8.0-r0.apk', 'apk/jq', '1.8.0-r0'],
  [
    'https://repo.maven.apache.org/maven2/org/apache/commons/commons-lang3/3.14.0/commons-lang3-3.14.0.jar',
    'maven/org.apache.commons/commons-lang3',
    '3.14.0',
  ],
  [
    'https://github.com/Mikefarah/yq/releases/download/v4.44.1/yq_linux_amd64',
    'github/mikefarah/yq',
    'v4.44.1',
  ],
  ['https://github.com/a/b/archive/refs/tags/v2.tar.gz', 'github/a/b', 'v2'],
  ['https://dl.k8s.io/release/v1.30.0/bin/linux/amd64/kubectl', 'generic/kubectl', undefined],
  ['https://get.helm.sh/helm-v3.15.2-linux-amd64.tar.gz', 'generic/helm', 'v3.15.2'],
  ['https://example.com/a%20b-1.0.tgz?x=1', 'generic/a b', '1.0'],
])('%s', (address, named, version) => {
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
