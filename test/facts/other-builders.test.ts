import { describe, expect, test } from 'vitest';
import { nonrootUser } from '../../src/criteria/nonroot-user.ts';
import { recentlyUpdated } from '../../src/criteria/recently-updated.ts';
import { known } from '../../src/model/facts.ts';
import { factsOf, image as imageFact } from '../criteria/facts-builder.ts';
import { buildInfo, MODULES, program } from './program-sample.ts';
import { file, image, type Item } from './support.ts';
import { zip } from './zip-sample.ts';

interface Made {
  readonly by: string;
  readonly files: readonly Item[];
  readonly created: string | undefined;
  readonly user: string;
  readonly purls: readonly string[];
  /** What the user is judged. */
  readonly nonroot: 'pass' | 'fail';
}

const ZERO = '1970-01-01T00:00:00Z';

/** Images as tools without a Dockerfile lay them out, by their documentation; made for this test. */
const MADE: readonly Made[] = [
  {
    by: 'apko',
    files: [
      file('lib/apk/db/installed', 'P:musl\nV:1.2.5-r3\nA:x86_64\n\n'),
      file('var/lib/db/sbom/musl-1.2.5-r3.spdx.json', '{"spdxVersion":"SPDX-2.3"}'),
      file('etc/os-release', 'ID=wolfi\n'),
    ],
    created: ZERO,
    user: '65532',
    purls: ['pkg:apk/wolfi/musl@1.2.5-r3?arch=x86_64&distro=wolfi'],
    nonroot: 'pass',
  },
  {
    by: 'Bazel and distroless',
    files: [file('var/lib/dpkg/status.d/base-files', 'Package: base-files\nVersion: 13.8\n')],
    created: ZERO,
    user: '0',
    purls: ['pkg:deb/debian/base-files@13.8'],
    nonroot: 'fail',
  },
  {
    by: 'ko',
    files: [
      {
        ...file('ko-app/app', program(200_000, { 0x10010: buildInfo('go1.24.1', MODULES) })),
        mode: 0o555,
      },
    ],
    created: ZERO,
    user: '65532',
    purls: [],
    nonroot: 'pass',
  },
  {
    by: 'Jib',
    files: [
      file(
        'app/libs/thing-1.2.jar',
        zip([
          {
            name: 'META-INF/maven/org.example/thing/pom.properties',
            content: 'groupId=org.example\nartifactId=thing\nversion=1.2\n',
          },
        ]),
      ),
    ],
    created: ZERO,
    user: '',
    purls: ['pkg:maven/org.example/thing@1.2'],
    nonroot: 'fail',
  },
  {
    by: 'Buildpacks',
    files: [
      file('layers/sbom/launch/sbom.legacy.json', '[]'),
      file(
        'layers/npm/modules/node_modules/debug/package.json',
        '{"name":"debug","version":"4.4.0"}',
      ),
    ],
    created: '1980-01-01T00:00:01Z',
    user: '1002:1000',
    purls: ['pkg:npm/debug@4.4.0'],
    nonroot: 'pass',
  },
  {
    by: 'Nix (dockerTools)',
    files: [
      file(
        `nix/store/${'a'.repeat(32)}-python3.13-six-1.17.0/lib/python3.13/site-packages/six-1.17.0.dist-info/METADATA`,
        'Name: six\nVersion: 1.17.0\n',
      ),
    ],
    created: '1970-01-01T00:00:01Z',
    user: '',
    purls: ['pkg:nix/python3.13-six@1.17.0', 'pkg:pypi/six@1.17.0'],
    nonroot: 'fail',
  },
  {
    by: 'buildah, from scratch',
    files: [],
    created: undefined,
    user: '1000',
    purls: [],
    nonroot: 'pass',
  },
];

describe('images that no Dockerfile made', () => {
  test.each(MADE)('$by', ({ by, files, created, user, purls, nonroot }) => {
    const content = image(files);
    const found = content.packages.map(({ purl }) => purl);
    if (by === 'ko') expect(found.length).toBeGreaterThan(0);
    else expect(found).toEqual(purls);
    const about = { config: { User: user }, ...(created === undefined ? {} : { created }) };
    const facts = factsOf({
      image: imageFact(about),
      filesystem: known(content.filesystem, 'image'),
      packages: known(content.packages, 'image'),
    });
    // A fixed time is no fault of the image, and says nothing of its age.
    expect(recentlyUpdated.judge(facts).outcome).toBe('unknown');
    expect(nonrootUser.judge(facts).outcome).toBe(nonroot);
  });
});
