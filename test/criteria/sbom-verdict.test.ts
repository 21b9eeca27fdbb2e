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
  {
    name: 'CycloneDX: by name, purl with epoch, group; one missing',
    facts: having(attestation(C, cyclonedx(LIBC, ZLIB, SCOPED))),
    outcome: 'pass',
    says: '3 of the image’s 4 packages',
    source: 'verified-attestation',
  },
  {
    name: 'SPDX by purl',
    facts: having(
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
    outcome: 'pass',
    says: 'SPDX names 4 of the image’s 4',
  },
  {
    name: 'a versioned predicate type',
    facts: having(attestation(`${C}/v1.6`, cyclonedx(LIBC, ZLIB, SCOPED))),
    outcome: 'pass',
    says: '3 of',
  },
  {
    name: 'unverified, marked so',
    facts: having(attestation(C, cyclonedx(LIBC, ZLIB, SCOPED), { verification: 'unverified' })),
    outcome: 'pass',
    says: '3 of',
    source: 'unverified-attestation',
  },
  {
    name: 'unsigned, with 2 of 21 OS packages that the image lacks: under a tenth',
    facts: unsigned(19, 2),
    outcome: 'pass',
    says: '19 of the image’s 19',
    source: 'unverified-attestation',
  },
  {
    name: 'unsigned, with 2 of 20: a tenth is allowed',
    facts: unsigned(18, 2),
    outcome: 'pass',
    says: '18 of the image’s 18',
  },
  {
    name: 'unsigned, with 3 of 21: more than a tenth',
    facts: unsigned(18, 3),
    outcome: 'fail',
    says: 'nobody signed, names 3 OS packages that the image does not have: none0, none1, none2',
  },
  {
    name: 'signed, with the same 3: the signer’s word',
    facts: unsigned(18, 3, 'verified'),
    outcome: 'pass',
    says: '18 of the image’s 18',
    source: 'verified-attestation',
  },
  {
    name: 'half of the packages',
    facts: having(attestation(C, cyclonedx(LIBC, ZLIB))),
    outcome: 'fail',
    says: '2 of the image’s 4',
  },
  {
    name: 'other versions',
    facts: having(attestation(C, cyclonedx({ ...LIBC, version: '1' }))),
    outcome: 'fail',
    says: 'names none',
  },
  { name: 'empty', facts: having(attestation(C, cyclonedx())), outcome: 'fail', says: 'empty' },
  {
    name: 'SPDX that names the image alone',
    facts: having(
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
    outcome: 'fail',
    says: 'empty',
  },
  {
    name: 'no SBOM format',
    facts: having(attestation(C, { hello: 1 })),
    outcome: 'fail',
    says: 'neither',
  },
  {
    name: 'another subject',
    facts: having(attestation(C, cyclonedx(LIBC), { subjects: [OTHER] })),
    outcome: 'fail',
    says: 'another image',
  },
  { name: 'none', facts: having(), outcome: 'fail', says: 'no SBOM' },
  {
    name: 'empty of an image without packages',
    facts: of([], attestation(C, cyclonedx())),
    outcome: 'fail',
    says: 'empty',
  },
  {
    name: 'an image without packages, its program named',
    facts: of([], attestation(C, cyclonedx({ type: 'file', name: 'app' }))),
    outcome: 'pass',
    says: 'names 1 part; the image contains no package',
  },
  {
    name: 'an image without packages, files of another named',
    facts: withFiles(['server'], attestation(C, cyclonedx({ type: 'file', name: '/usr/bin/x' }))),
    outcome: 'fail',
    says: 'files that the image does not contain',
  },
  {
    name: 'an image without packages, its file named by path, by SPDX',
    facts: withFiles(
      ['app/server'],
      attestation(S, { spdxVersion: 'SPDX-2.3', files: [{ fileName: './app/server' }] }),
    ),
    outcome: 'pass',
    says: 'SPDX names 1 part',
  },
  {
    name: 'an image without packages, a whole system named',
    facts: withFiles(['server'], attestation(C, cyclonedx(ZLIB, { type: 'file', name: 'server' }))),
    outcome: 'fail',
    says: '1 OS package, of which the image has none',
  },
  {
    name: 'the image and its operating system are no content',
    facts: having(
      attestation(
        C,
        cyclonedx({ type: 'operating-system', name: 'debian' }, { type: 'container', name: 'app' }),
      ),
    ),
    outcome: 'fail',
    says: 'empty',
  },
  {
    name: 'nested, and wrapped as text',
    facts: having(
      attestation(C, {
        Data: JSON.stringify(cyclonedx({ name: 'root', components: [LIBC, ZLIB, SCOPED] })),
      }),
    ),
    outcome: 'pass',
    says: '3 of',
  },
  {
    name: 'none found, and a place that could not be asked',
    facts: factsOf({
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
    settle: 'ask again',
    outcome: 'unknown',
    says: 'answered 500',
  },
  {
    name: 'the better of two',
    facts: having(
      attestation(S, spdx({ name: 'a', versionInfo: '1' })),
      attestation(C, cyclonedx(LIBC, ZLIB, SCOPED)),
    ),
    outcome: 'pass',
    says: 'CycloneDX',
  },
  {
    name: 'packages not read',
    facts: factsOf({ image: image(), attestations: attestations() }),
    outcome: 'unknown',
    says: 'not gathered',
  },
]);
