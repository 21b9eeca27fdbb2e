import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildFact } from '../../src/build/build-on-bases.ts';
import { checkBuilt, keepLock } from '../../src/build/built-lock.ts';
import type { BuiltPlatform } from '../../src/build/image-under-build.ts';
import { lockText } from '../../src/build/plan-lock.ts';
import type { BuildPlan } from '../../src/build/plan.ts';
import { ALONE, type Checked } from '../../src/build/states.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import type { LockFile } from '../../src/model/lock.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { digest, dockerfile, planned } from './given.ts';
import { lock } from './lock-given.ts';

const NAME = 'docker.io/library/node:22';
const NODE = { name: NAME, digest: digest('a'), created: '2026-03-01T00:00:00Z' };
const MODEL = dockerfile('FROM node:22');
const ANALYSIS = { installs: [], downloads: [], unread: [] };

let folder = '';
let path = '';
let events: PipelineEvent[] = [];
const context = () =>
  contextOf(() => Promise.reject(new Error('no tool is asked')), folder, {
    emit: (event) => events.push(event),
  });
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'scoville.lock');
  events = [];
});

const HELD = lock({
  images: new Map([[NAME, { digest: digest('a'), local: false, platforms: new Map() }]]),
  snapshots: [],
});

function planOf(before: LockFile | undefined, locked = false): BuildPlan {
  return planned(['--target', 'app', '.'], {
    dockerfile: MODEL,
    resolved: [NODE],
    lock: { path, before, locked, dockerfile: 'Dockerfile', normaliser: '1-safe' },
  });
}

/** What `keepLock` reads of a build. */
function buildOf(plan: BuildPlan, text: string | undefined, builtLock: LockFile) {
  const { lock: request } = plan;
  if (request === undefined) throw new Error('no lock is planned');
  if (text !== undefined) writeFileSync(path, text);
  const found = { request, text, found: request.before };
  return { plan, lock: found, builtLock, together: ALONE } as unknown as Checked;
}

const notices = () => events.flatMap((e) => (e.kind === 'notice' ? [e.text] : []));

describe('keepLock', () => {
  const added = lock({
    ...HELD,
    packages: new Map([...HELD.packages, ['linux/s390x', new Map()]]),
  });

  test('does not touch the file where nothing is new, or with --locked', async () => {
    const odd = `${await lockText(HELD)}# a word of the user\n`;
    await keepLock(context(), buildOf(planOf(HELD), odd, HELD));
    await keepLock(context(), buildOf(planOf(HELD, true), odd, added));
    expect(readFileSync(path, 'utf8')).toBe(odd);
  });

  test('a file that somebody changed meanwhile is left as it is', async () => {
    const build = buildOf(planOf(HELD), await lockText(HELD), added);
    writeFileSync(path, 'theirs\n');
    await expect(keepLock(context(), build)).rejects.toThrow('was changed while the build ran');
    expect(readFileSync(path, 'utf8')).toBe('theirs\n');
  });
});

describe('checkBuilt', () => {
  const built = lock({
    ...HELD,
    remotes: new Map([['https://example.com/new', `sha256:${'e'.repeat(64)}`]]),
    packages: new Map([['linux/amd64', new Map([['deb', ['curl 8.14.1-3', 'jq 1.7']]])]]),
  });

  test('says what is added and what departs', () => {
    checkBuilt(context(), planOf(HELD), built);
    expect(notices()).toEqual([
      `${path} lacks what this build uses, added: remote https://example.com/new: new, sha256:${'e'.repeat(64)}`,
      `not as ${path} says: package deb curl (linux/amd64): 8.14.1-2 → 8.14.1-3`,
      `not as ${path} says: package npm @scope/x (linux/amd64): gone, was 1.0.0`,
      `not as ${path} says: package npm y (linux/amd64): gone, was 2.10`,
      'scoville lock takes this into the lock, --locked makes it an error',
    ]);
  });

  test('the packages of a lock for another stage are not compared', () => {
    checkBuilt(context(), planOf(lock({ ...HELD, target: 'other' })), built);
    expect(notices()[0]).toBe(`not as ${path} says: target: other → app`);
    expect(notices()).toHaveLength(2);
  });
});

describe('pinned by the lock', () => {
  const built = { provenance: undefined } as unknown as BuiltPlatform;
  const pinned = (plan: BuildPlan) => {
    const known = {
      dockerfile: MODEL,
      analysis: () => ANALYSIS,
      bases: new Map(),
      recording: undefined,
    };
    const fact = buildFact({ ...known, plan, together: ALONE }, built, 0);
    return fact.known && fact.value.images.known
      ? fact.value.images.value.map(({ digest: d, pinnedByBuild }) => [d, pinnedByBuild])
      : [];
  };

  test('an image counts where a lock holds it, not by the policy of one build alone', () => {
    expect(pinned(planOf(HELD))).toEqual([[digest('a'), true]]);
    const alone = planned(['.'], { dockerfile: MODEL, resolved: [NODE] });
    expect(alone.sourcePolicy?.pins).toHaveLength(1);
    expect(pinned(alone)).toEqual([[undefined, false]]);
  });

  test('an image of the engine’s own does not', () => {
    const plan = planned(['.'], {
      dockerfile: MODEL,
      resolved: [{ ...NODE, local: true }],
      lock: { path, before: undefined, locked: false, dockerfile: 'Dockerfile', normaliser: 'x' },
    });
    expect(pinned(plan)).toEqual([[undefined, false]]);
  });
});
