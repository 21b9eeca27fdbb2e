import { sbomAttested } from '../../src/criteria/sbom.ts';
import { known } from '../../src/model/facts.ts';
import type { Package } from '../../src/model/packages.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../src/model/statement.ts';
import { judgesAs } from './criterion-table.ts';
import {
  attestation,
  attestations,
  factsOf,
  filesystem,
  image,
  OTHER,
  packages,
  pkg,
} from './facts-builder.ts';

const IN_IMAGE = [
  pkg('libc6', '2.41-12'),
  pkg('zlib1g', '1:1.3-1'),
  pkg('@scope/x', '1.0.0', 'npm'),
  pkg('left', '2', 'npm'),
];
const cyclonedx = (...components: readonly unknown[]) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  components,
});
const spdx = (...list: readonly unknown[]) => ({ spdxVersion: 'SPDX-2.3', packages: list });
const LIBC = { type: 'library', name: 'libc6', version: '2.41-12' };
const ZLIB = {
  type: 'library',
  name: 'zlib1g',
  version: '1.3-1',
  purl: 'pkg:deb/debian/zlib1g@1%3A1.3-1?arch=amd64',
};
const SCOPED = { type: 'library', group: '@scope', name: 'x', version: '1.0.0' };
const ref = (locator: string) => [{ referenceType: 'purl', referenceLocator: locator }];
const C = PREDICATE_TYPE.cyclonedx;
const S = PREDICATE_TYPE.spdx;
const of = (list: readonly Package[], ...found: readonly FoundAttestation[]) =>
  factsOf({ image: image(), packages: packages(...list), attestations: attestations(...found) });
const withFiles = (paths: readonly string[], ...found: readonly FoundAttestation[]) =>
  factsOf({
    image: image(),
    packages: packages(),
    attestations: attestations(...found),
    filesystem: filesystem([], { has: (path) => paths.includes(path) }),
  });
const having = (...found: readonly FoundAttestation[]) => of(IN_IMAGE, ...found);

/** An SBOM of the image's `own` OS packages, and of `foreign` ones that it does not have. */
function unsigned(
  own: number,
  foreign: number,
  verification: FoundAttestation['verification'] = 'unverified',
) {
  const names = (count: number, word: string): readonly string[] =>
    Array.from({ length: count }, (_, at) => `${word}${at}`);
  const parts = [...names(own, 'a'), ...names(foreign, 'none')].map((name) => ({
    type: 'library',
    name,
    version: '1',
    purl: `pkg:deb/debian/${name}@1`,
  }));
  return of(
    names(own, 'a').map((name) => pkg(name, '1')),
    attestation(C, cyclonedx(...parts), { verification }),
  );
}

judgesAs(sbomAttested, [
  [
    'pass',
    'CycloneDX: by name, purl with epoch, group; one missing',
    having(attestation(C, cyclonedx(LIBC, ZLIB, SCOPED))),
    '3 of the image’s 4 packages',
    { source: 'verified-attestation' },
  ],
  [
    'pass',
    'SPDX by purl',
    having(
      attestation(
        S,
        spdx(
          { name: 'glibc', versionInfo: '2.41-12', externalRefs: ref('pkg:deb/libc6@2.41-12') },
          { name: 'zlib1g', versionInfo: '1:1.3-1' },
          { name: '@scope/x', versionInfo: '1.0.0', externalRefs: ref('pkg:npm/%40scope/x@1.0.0') },
          { name: 'left', versionInfo: '2' },
        ),
      ),
    ),
    'SPDX names 4 of the image’s 4',
  ],
  [
    'pass',
    'a versioned predicate type',
    having(attestation(`${C}/v1.6`, cyclonedx(LIBC, ZLIB, SCOPED))),
    '3 of',
  ],
  [
    'pass',
    'unverified, marked so',
    having(attestation(C, cyclonedx(LIBC, ZLIB, SCOPED), { verification: 'unverified' })),
    '3 of',
    { source: 'unverified-attestation' },
  ],
  [
    'pass',
    'unsigned, with 2 of 21 OS packages that the image lacks: under a tenth',
    unsigned(19, 2),
    '19 of the image’s 19',
    { source: 'unverified-attestation' },
  ],
  ['pass', 'unsigned, with 2 of 20: a tenth is allowed', unsigned(18, 2), '18 of the image’s 18'],
  [
    'fail',
    'unsigned, with 3 of 21: more than a tenth',
    unsigned(18, 3),
    'nobody signed, names 3 OS packages that the image does not have: none0, none1, none2',
  ],
  [
    'pass',
    'signed, with the same 3: the signer’s word',
    unsigned(18, 3, 'verified'),
    '18 of the image’s 18',
    { source: 'verified-attestation' },
  ],
  [
    'fail',
    'half of the packages',
    having(attestation(C, cyclonedx(LIBC, ZLIB))),
    '2 of the image’s 4',
  ],
  [
    'fail',
    'other versions',
    having(attestation(C, cyclonedx({ ...LIBC, version: '1' }))),
    'names none',
  ],
  ['fail', 'empty', having(attestation(C, cyclonedx())), 'empty'],
  [
    'fail',
    'SPDX that names the image alone',
    having(
      attestation(S, {
        ...spdx({ SPDXID: 'SPDXRef-image', name: 'app' }),
        relationships: [
          {
            spdxElementId: 'SPDXRef-DOCUMENT',
            relationshipType: 'DESCRIBES',
            relatedSpdxElement: 'SPDXRef-image',
          },
        ],
      }),
    ),
    'empty',
  ],
  ['fail', 'no SBOM format', having(attestation(C, { hello: 1 })), 'neither'],
  [
    'fail',
    'another subject',
    having(attestation(C, cyclonedx(LIBC), { subjects: [OTHER] })),
    'another image',
  ],
  ['fail', 'none', having(), 'no SBOM'],
  ['fail', 'empty of an image without packages', of([], attestation(C, cyclonedx())), 'empty'],
  [
    'pass',
    'an image without packages, its program named',
    of([], attestation(C, cyclonedx({ type: 'file', name: 'app' }))),
    'names 1 part; the image contains no package',
  ],
  [
    'fail',
    'an image without packages, files of another named',
    withFiles(['server'], attestation(C, cyclonedx({ type: 'file', name: '/usr/bin/x' }))),
    'files that the image does not contain',
  ],
  [
    'pass',
    'an image without packages, its file named by path, by SPDX',
    withFiles(
      ['app/server'],
      attestation(S, { spdxVersion: 'SPDX-2.3', files: [{ fileName: './app/server' }] }),
    ),
    'SPDX names 1 part',
  ],
  [
    'fail',
    'an image without packages, a whole system named',
    withFiles(['server'], attestation(C, cyclonedx(ZLIB, { type: 'file', name: 'server' }))),
    '1 OS package, of which the image has none',
  ],
  [
    'fail',
    'the image and its operating system are no content',
    having(
      attestation(
        C,
        cyclonedx({ type: 'operating-system', name: 'debian' }, { type: 'container', name: 'app' }),
      ),
    ),
    'empty',
  ],
  [
    'pass',
    'nested, and wrapped as text',
    having(
      attestation(C, {
        Data: JSON.stringify(cyclonedx({ name: 'root', components: [LIBC, ZLIB, SCOPED] })),
      }),
    ),
    '3 of',
  ],
  [
    'unknown',
    'none found, and a place that could not be asked',
    factsOf({
      image: image(),
      packages: packages(...IN_IMAGE),
      attestations: known(
        {
          signatures: [],
          attestations: [],
          incomplete: 'the referrers API answered 500',
          settle: 'ask again',
        },
        'image',
      ),
    }),
    'answered 500',
    { settle: 'ask again' },
  ],
  [
    'pass',
    'the better of two',
    having(
      attestation(S, spdx({ name: 'a', versionInfo: '1' })),
      attestation(C, cyclonedx(LIBC, ZLIB, SCOPED)),
    ),
    'CycloneDX',
  ],
  [
    'unknown',
    'packages not read',
    factsOf({ image: image(), attestations: attestations() }),
    'not gathered',
  ],
]);
