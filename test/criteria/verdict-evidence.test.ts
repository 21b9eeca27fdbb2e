import { describe, expect, test } from 'vitest';
import {
  configEvidence,
  fail,
  fileEvidence,
  lineEvidence,
  listed,
  note,
  unknown,
} from '../../src/criteria/criterion.ts';
import { minimalBaseImage } from '../../src/criteria/minimal-base.ts';
import { noSecrets } from '../../src/criteria/no-secrets/verdict.ts';
import { pinnedImages } from '../../src/criteria/pinned-images.ts';
import { recentlyUpdated } from '../../src/criteria/recently-updated.ts';
import { sbomAttested } from '../../src/criteria/sbom.ts';
import { secretsByFile } from '../../src/criteria/secrets-by-file.ts';
import { DEFAULT_SYSCALLS } from '../../src/criteria/security-profile/seccomp-default.ts';
import { securityProfile } from '../../src/criteria/security-profile/verdict.ts';
import { trustedSource } from '../../src/criteria/trusted-source.ts';
import { verifiedDownloads } from '../../src/criteria/verified-downloads.ts';
import { quantity } from '../../src/lib/text.ts';
import type { Criterion, Evidence } from '../../src/model/criterion.ts';
import { type BuildFact, type Fact, known } from '../../src/model/facts.ts';
import type { ImageConfig } from '../../src/model/image.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../src/model/statement.ts';
import { judgesAs } from './criterion-table.ts';
import {
  attestation,
  attestations,
  build,
  buildDoing,
  dockerfile,
  download,
  external,
  factsOf,
  filesystem,
  image,
  LAYER,
  link,
  NOW,
  packages,
  PIN,
  pkg,
  program,
  range,
} from './facts-builder.ts';

/*
 * Verdicts whose facts are too long, or too odd, for a row of verdicts.tsv; and what is said with a
 * verdict.
 */

judgesAs(minimalBaseImage, [
  [
    'pass',
    'language packages are no OS packages',
    factsOf({
      filesystem: filesystem(),
      packages: packages(...Array.from({ length: 500 }, (_, i) => pkg(`n${i}`, '1', 'npm'))),
    }),
    'no OS packages',
  ],
  [
    'unknown',
    'the programs of a system, and no record',
    factsOf({
      filesystem: filesystem(Array.from({ length: 150 }, (_, i) => program(`usr/bin/p${i}`))),
      packages: packages(),
    }),
    '150 programs',
  ],
  [
    'pass',
    'ok- applets of busybox are no programs of a system',
    factsOf({
      filesystem: filesystem(
        Array.from({ length: 300 }, (_, i) => program(`bin/a${i}`, { multicall: 'busybox' })),
      ),
      packages: packages(),
    }),
    'no OS packages',
  ],
]);

/** An SBOM of the image's `own` OS packages, and of `foreign` ones that it does not have. */
function sbomOf(own: number, foreign: number, verification: FoundAttestation['verification']) {
  const names = (count: number, word: string): readonly string[] =>
    Array.from({ length: count }, (_, at) => `${word}${at}`);
  const components = [...names(own, 'a'), ...names(foreign, 'none')].map((name) => ({
    ...{ type: 'library', name, version: '1', purl: `pkg:deb/debian/${name}@1` },
  }));
  const predicate = { bomFormat: 'CycloneDX', specVersion: '1.6', components };
  return factsOf({
    image: image(),
    packages: packages(...names(own, 'a').map((name) => pkg(name, '1'))),
    attestations: attestations(attestation(PREDICATE_TYPE.cyclonedx, predicate, { verification })),
  });
}

judgesAs(sbomAttested, [
  [
    'pass',
    'unsigned, with 2 of 21 OS packages that the image lacks: under a tenth',
    sbomOf(19, 2, 'unverified'),
    '19 of the image’s 19',
    { source: 'unverified-attestation' },
  ],
  ['pass', 'with 2 of 20: a tenth is allowed', sbomOf(18, 2, 'unverified'), '18 of the image’s 18'],
  [
    'fail',
    'unsigned, with 3 of 21: more than a tenth',
    sbomOf(18, 3, 'unverified'),
    'nobody signed, names 3 OS packages that the image does not have: none0, none1, none2',
  ],
  [
    'pass',
    'signed, with the same 3: the signer’s word',
    sbomOf(18, 3, 'verified'),
    '18 of the image’s 18',
    { source: 'verified-attestation' },
  ],
]);

const pinned = dockerfile(`alpine@${PIN}`);
const read = (model: typeof pinned) =>
  factsOf({ build: build({ dockerfile: known(model, 'dockerfile') }) });
judgesAs(pinnedImages, [
  [
    'unknown',
    'another frontend than Docker’s own reads the file',
    read({ ...pinned, foreignFrontend: 'evil.example/f:1' }),
    'the frontend evil.example/f:1 reads this Dockerfile, and may read it otherwise',
  ],
  [
    'fail',
    'COPY --from, --mount from and the frontend count',
    read({
      ...pinned,
      externalImages: [
        external(`alpine@${PIN}`),
        external('busybox', 'copy-from'),
        external('node', 'mount-from'),
        external('docker/dockerfile:1', 'syntax'),
      ],
    }),
    'busybox, node, docker/dockerfile:1',
  ],
]);

const finished = build({ finishedAt: new Date(NOW).toISOString() }) as Fact<BuildFact> & {
  value: BuildFact;
};
judgesAs(recentlyUpdated, [
  [
    'unknown',
    'the end of a build, of which only unsigned provenance tells, makes no image new',
    factsOf({
      image: image({ created: '1970-01-01T00:00:00Z' }),
      build: known(finished.value, 'unverified-attestation'),
    }),
    'older than container images',
  ],
]);

const seccomp = (names: readonly string[], defaultAction = 'SCMP_ACT_ERRNO') => ({
  defaultAction,
  syscalls: [
    {
      names: 'execve openat close write futex fstatfs getdents64'.split(' ').concat(names),
      action: 'SCMP_ACT_ALLOW',
    },
  ],
});
const profiled = (...list: readonly FoundAttestation[]) =>
  factsOf({ image: image(), attestations: attestations(...list) });
judgesAs(securityProfile, [
  [
    'fail',
    'an unfiltered clone',
    profiled(attestation('x/seccomp', seccomp([...DEFAULT_SYSCALLS, 'clone']))),
    'clone (the default allows it on conditions)',
  ],
]);

describe('security-profile', () => {
  test('a profile is offered where the image starts a program to trace', () => {
    const settled = (config: NonNullable<ImageConfig['config']>) =>
      securityProfile.judge(factsOf({ image: image({ config }), attestations: attestations() }))
        .settle;
    expect(settled({})).toBe('scoville explain security-profile');
    expect(settled({ Cmd: [] })).toBe('scoville explain security-profile');
    expect(settled({ Entrypoint: ['/app'] })).toBeUndefined();
  });

  test('a tighter one of another signer does not replace a wide one', () => {
    const wide = attestation('x/seccomp', seccomp([], 'SCMP_ACT_ALLOW'), { verifiedBy: 'a.pub' });
    const tight = attestation('x/seccomp', seccomp(['read']), { verifiedBy: 'b.pub' });
    const verdict = securityProfile.judge(profiled(wide, tight));
    expect(verdict.outcome).toBe('fail');
    expect(verdict.summary).not.toContain('the same signer');
  });
});

describe('what is not shown', () => {
  test('the value of a secret variable', () => {
    const config = { Env: ['DB_PASSWORD=hunter2', 'A_TOKEN_FILE=hunter3'] };
    const facts = factsOf({ image: image({ config }), filesystem: filesystem() });
    expect(JSON.stringify(secretsByFile.judge(facts))).not.toMatch(/hunter/);
  });

  test('credentials in an address', () => {
    const downloads = [download({ command: 'curl https://me:secret@example.com/x' })];
    const answer = verifiedDownloads.judge(factsOf({ build: buildDoing({ downloads }) }));
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(answer.evidence[0]).toMatchObject({ text: 'curl https://****@example.com/x' });
    expect(lineEvidence(range(1), 'git clone https://u:p@h/x')).toMatchObject({
      text: 'git clone https://****@h/x',
    });
    expect(configEvidence('source', 'https://token@h/x')).toMatchObject({
      value: 'https://****@h/x',
    });
  });
});

describe('evidence', () => {
  test('is bounded, and what is left out is counted', () => {
    const notes = Array.from({ length: 1000 }, (_, i) => note(String(i)));
    const answer = fail('many', notes);
    expect(answer.evidence).toHaveLength(201);
    expect(answer.evidence.at(-1)).toEqual(note('and 800 more'));
  });

  test('of an unknown is its reason', () => {
    expect(unknown('no key', 'give one')).toEqual({
      ...{ outcome: 'unknown', summary: 'no key', settle: 'give one' },
      evidence: [note('no key')],
    });
  });

  test('of a file has layer and size, of a link its target', () => {
    expect(fileEvidence(program('bin/x'), 'why')).toEqual({
      ...{ kind: 'file', path: 'bin/x', layer: LAYER, size: 1000, detail: 'why' },
    });
    expect(fileEvidence(link('bin/sh', 'bin/dash'), 'a shell')).toMatchObject({
      detail: 'a shell, points to bin/dash',
    });
  });

  test('of an outside image has its line, and how the image itself was judged', () => {
    const told = (criterion: Criterion, ...bases: readonly string[]): readonly unknown[] =>
      criterion
        .judge(read(dockerfile(...bases)))
        .evidence.filter((one): one is Extract<Evidence, { kind: 'image' }> => one.kind === 'image')
        .map(({ reference, line, state }) => [reference, line, state]);
    expect(told(pinnedImages, `alpine@${PIN}`, 'debian', '${BASE}')).toEqual([
      [`alpine@${PIN}`, 1, 'held'],
      ['debian', 2, 'loose'],
      ['${BASE}', 3, 'open'],
    ]);
    expect(told(trustedSource, 'alpine', 'evil/alpine')).toMatchObject([
      ['alpine', 1, 'held'],
      ['evil/alpine', 2, 'loose'],
    ]);
  });

  test('of a secret has layer, rule, and that the file was deleted', () => {
    const key = { rule: 'private-key', masked: '----…', where: 'layer' } as const;
    const at = { path: 'root/.ssh/id_rsa', layer: LAYER };
    const findings = [{ ...key, ...at, deleted: true, line: 2 }];
    const secrets = known({ findings, scannedFiles: 12 }, 'image');
    expect(noSecrets.judge(factsOf({ secrets })).evidence).toEqual([
      {
        ...{ kind: 'file', ...at },
        detail: 'private-key: ----…, line 2, deleted later but still in its layer',
      },
    ]);
  });

  test('of a secret without a value says its rule, and where', () => {
    const of = { masked: '', where: 'layer', layer: LAYER } as const;
    const findings = [
      { ...of, rule: 'git-directory', path: 'app/.git/HEAD', dockerfileLine: 3 },
      { ...of, rule: 'key-store', path: 'a.jks', offset: 0 },
    ];
    const secrets = known({ findings, scannedFiles: 12 }, 'image');
    expect(noSecrets.judge(factsOf({ secrets })).evidence).toMatchObject([
      { detail: 'git-directory (Dockerfile:3)' },
      { detail: 'key-store: byte 0' },
    ]);
  });

  test('of secrets that rules set aside has the reason, and counts what was not opened', () => {
    const suppressed = ['a/test/x.pem', 'a/test/y.pem'].map((path) => ({
      ...({ rule: 'private-key', masked: '----…', where: 'layer', layer: LAYER } as const),
      ...{ path, reason: 'tests' },
    }));
    const fact = { findings: [], scannedFiles: 12, suppressed, unopened: { xz: 2 } };
    expect(noSecrets.judge(factsOf({ secrets: known(fact, 'image') })).evidence).toEqual([
      note('12 files of all layers, configuration, history and attestations checked'),
      note('packed and not opened: xz 2'),
      note('set aside, tests: 2 (a/test/x.pem, a/test/y.pem)'),
    ]);
  });
});

test('counts and lists', () => {
  expect([
    quantity(1, 'shell'),
    quantity(2, 'shell'),
    quantity(2, 'tool or package', 'tools and packages'),
  ]).toEqual(['1 shell', '2 shells', '2 tools and packages']);
  expect([listed(['a', 'a', 'b']), listed(['a', 'b', 'c', 'd', 'e'])]).toEqual([
    'a, b',
    'a, b, c and 2 more',
  ]);
});
