import { expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { withLines } from '../../src/grade/assess.ts';
import { known, type SecretFinding, unknownFact } from '../../src/model/facts.ts';
import { digestOf } from '../../src/model/reference.ts';

const DOCKERFILE = `FROM base
ENV DB_PASSWORD=a OTHER=b
COPY conf /app
RUN make
ENV OLD_KEY value
LABEL token=x
`;
const [base, copied, run] = ['base', 'copied', 'run'].map((one) => digestOf(one));

function platform() {
  const layers = [base, copied, run].map((digest = digestOf('')) => ({
    blob: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 1 },
    diffId: digest,
  }));
  const history = ['ADD rootfs', 'COPY conf /app # buildkit', 'RUN /bin/sh -c make # buildkit'];
  const config = { history: history.map((created_by) => ({ created_by })) };
  return { layers, config } as unknown as Parameters<typeof withLines>[1];
}

function linesOf(build: Parameters<typeof withLines>[2]) {
  const at = (where: SecretFinding['where'], path: string, layer?: typeof base): SecretFinding => ({
    rule: 'r',
    masked: 'm',
    where,
    path,
    ...(layer === undefined ? {} : { layer }),
  });
  const findings = [
    at('layer', 'etc/key', base),
    at('layer', 'app/key', copied),
    at('layer', 'app/out', run),
    at('env', 'DB_PASSWORD'),
    at('env', 'OLD_KEY'),
    at('env', 'FROM_BASE'),
    at('label', 'token'),
    at('history', 'history[1]'),
  ];
  const found = withLines({ findings, scannedFiles: 1 }, platform(), build);
  return found.findings.map(({ dockerfileLine }) => dockerfileLine);
}

test('a secret has the line of the instruction that brought it', () => {
  const parsed = analyseDockerfile(DOCKERFILE, { built: true, buildArgs: {} });
  if (!parsed.ok) throw new Error(parsed.error.message);
  const dockerfile = known(parsed.value.model, 'build');
  const build = known({ dockerfile, images: unknownFact('not asked') }, 'build');
  expect(linesOf(build)).toEqual([undefined, 3, 4, 2, 5, undefined, 6, undefined]);
});

test('without a Dockerfile no line is claimed', () => {
  expect(linesOf(unknownFact('none'))).toEqual(Array.from({ length: 8 }));
});
