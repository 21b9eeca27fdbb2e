import { expect, test } from 'vitest';
import {
  BUILDER_CHECK,
  type Check,
  DOCKER_CHECK,
  type DoctorContext,
  IMAGE_STORE_CHECK,
  runChecks,
} from '../../src/cli/doctor-checks.ts';
import { INFO, machine, missing } from './surroundings.ts';

async function row(check: Check, about: DoctorContext) {
  const [only] = await runChecks([check], about);
  return only;
}

const OLD_STORE = { command: 'docker', args: ['info'], result: { stdout: INFO.old } } as const;

test('the engine is told by version and platform', async () => {
  expect(await row(DOCKER_CHECK, machine())).toMatchObject({
    state: 'ok',
    detail: '29.1.0, newer than those tried (26.1 to 28.5), linux/amd64',
  });
});

test('no docker, no engine and no permission are three things with three ways out', async () => {
  expect(await row(DOCKER_CHECK, machine([missing('docker')]))).toMatchObject({
    detail: 'docker is not installed',
    fix: 'sudo apt-get install docker.io docker-cli',
  });
  const saying = (stderr: string) =>
    row(
      DOCKER_CHECK,
      machine([{ command: 'docker', args: ['info'], result: { stderr, exitCode: 1 } }]),
    );
  expect(
    await saying('Cannot connect to the Docker daemon. Is the docker daemon running?'),
  ).toMatchObject({
    state: 'missing',
    detail: 'cannot connect to Docker',
    fix: expect.stringContaining('sudo systemctl start docker') as string,
  });
  expect(await saying('permission denied while trying to connect')).toMatchObject({
    state: 'missing',
    fix: expect.stringContaining('usermod -aG docker') as string,
  });
});

test('without the containerd store and another builder, the line for daemon.json is told', async () => {
  const ls = {
    command: 'docker',
    args: ['buildx', 'ls'],
    result: { stdout: 'NAME/NODE DRIVER/ENDPOINT\ndefault* docker\n' },
  };
  const found = await row(IMAGE_STORE_CHECK, machine([OLD_STORE, ls]));
  expect(found?.state).toBe('missing');
  expect(found?.detail).toBe("off: this Docker's image store cannot export OCI layouts");
  expect(found?.fix).toBe(
    'add "features": {"containerd-snapshotter": true} to /etc/docker/daemon.json, then: sudo systemctl restart docker',
  );
});

test('another builder does instead, which is advice', async () => {
  const ls = {
    command: 'docker',
    args: ['buildx', 'ls'],
    result: { stdout: 'NAME/NODE DRIVER/ENDPOINT\ndefault* docker\nbig docker-container\n' },
  };
  expect(await row(IMAGE_STORE_CHECK, machine([OLD_STORE, ls]))).toMatchObject({
    state: 'advice',
    detail: 'off; builds go to the builder big',
  });
});

test('the builder is told with its driver and platforms', async () => {
  expect((await row(BUILDER_CHECK, machine()))?.detail).toBe(
    'default (docker) linux/amd64, linux/386',
  );
});

test('what follows from a missing docker is mended by installing it', async () => {
  const bare = machine([missing('docker')]);
  expect((await row(IMAGE_STORE_CHECK, bare))?.fix).toBe(
    'sudo apt-get install docker.io docker-cli',
  );
  expect((await row(BUILDER_CHECK, bare))?.fix).toBe('sudo apt-get install docker-buildx');
});

test('a builder whose engine does not answer is missing', async () => {
  const silent = {
    command: 'docker',
    args: ['buildx', 'inspect'],
    result: { stdout: 'Name:   default\nDriver: \nError:  Cannot connect\n' },
  };
  expect(await row(BUILDER_CHECK, machine([silent]))).toMatchObject({
    state: 'missing',
    detail: 'default does not answer',
    fix: 'docker buildx inspect --bootstrap',
  });
});

test('a remote builder that does not answer is missing; one in a container is started when it builds', async () => {
  const inspected = (driver: string) => ({
    command: 'docker',
    args: ['buildx', 'inspect'],
    result: { stdout: `Name:   far\nDriver: ${driver}\n\nNodes:\nName: far0\nStatus: inactive\n` },
  });
  expect(await row(BUILDER_CHECK, machine([inspected('remote')]))).toMatchObject({
    state: 'missing',
    detail: 'far does not answer',
    fix: 'docker buildx inspect far; or: docker buildx use default',
  });
  expect(await row(BUILDER_CHECK, machine([inspected('docker-container')]))).toMatchObject({
    state: 'ok',
    detail: 'far (docker-container, not running yet)',
  });
});

test('a builder that is gone is missing', async () => {
  const gone = {
    command: 'docker',
    args: ['buildx', 'inspect'],
    result: { exitCode: 1, stderr: 'ERROR: no builder "big" found' },
  };
  expect(await row(BUILDER_CHECK, machine([gone]))).toMatchObject({
    state: 'missing',
    detail: 'the builder cannot be inspected: ERROR: no builder "big" found',
    fix: 'docker buildx use default',
  });
});
