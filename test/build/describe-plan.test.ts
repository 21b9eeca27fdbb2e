import { expect, test } from 'vitest';
import { describePlan, planAsJson } from '../../src/build/describe-plan.ts';
import { planBuild } from '../../src/build/plan-build.ts';
import { digest, dockerfile, inputs, planned } from './given.ts';

const GIVEN = {
  dockerfile: dockerfile('FROM node:22'),
  resolved: [
    { name: 'docker.io/library/node:22', digest: digest('a'), created: '2026-03-01T00:00:00Z' },
  ],
};
const ARGV = '-t app --load --push --build-arg NPM_TOKEN=hunter2 --min-level=3 --sbom=false';

test('a line a decision, with its reason', () => {
  const plan = planned([...ARGV.split(' '), 'my dir'], GIVEN);
  expect(describePlan(plan)).toBe(`context       my dir
names         app:latest
to            registry, Docker
epoch         1772323200 (2026-03-01T00:00:00Z; creation time of docker.io/library/node:22)
created       2026-03-01T00:00:00Z
reproducible  safe
pin           node:22@${digest('a')}
sbom          off (--sbom=false)
provenance    SLSA v1
sign          with your own key, or keyless where CI gives an identity
verdict       attested
grade         on, at least level 3
annotation    org.opencontainers.image.base.digest=${digest('a')}
annotation    org.opencontainers.image.base.name=docker.io/library/node:22
annotation    org.opencontainers.image.created=2026-03-01T00:00:00Z
annotation    org.opencontainers.image.title=app
command       SOURCE_DATE_EPOCH=1772323200 EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=/store/builds/1/source-policy-c2ce8180942484f8.json docker buildx build --progress=rawjson --output=type=oci,dest=/store/builds/1,tar=false,compression=uncompressed --metadata-file=/store/builds/1/buildx-metadata.json --provenance=mode=max --label=org.opencontainers.image.base.digest=${digest('a')} --label=org.opencontainers.image.base.name=docker.io/library/node:22 --label=org.opencontainers.image.created=2026-03-01T00:00:00Z --label=org.opencontainers.image.title=app --build-arg=NPM_TOKEN 'my dir'
`);
});

test('a passthrough says why', () => {
  const plan = planBuild(inputs(['--check', 'https://me:pw@example.com/a.git']));
  if (!plan.ok) throw new Error(plan.error);
  expect(describePlan(plan.value)).toBe(`passthrough  --check evaluates the build and makes no image
command      docker buildx build --check=true https://example.com/a.git
`);
  expect(planAsJson(plan.value)).toMatchObject({
    kind: 'passthrough',
    schemaVersion: '1',
  });
});

test('a terminal is given nothing to obey', () => {
  const plan = planned(['\u001b[31m.\nnames  evil'], {});
  expect(describePlan(plan).split('\n')[0]).toBe('context       [31m. names  evil');
});
