import { digestOf } from '../../src/model/reference.ts';
import type { Grade, Scorecard } from '../../src/model/scorecard.ts';
import type { MadeGrade } from '../../src/service/record-rows.ts';
import type { ServiceSettings } from '../../src/service/settings.ts';
import type { ImageName } from '../../src/service/shapes.ts';

export const DAY_MS = 86_400_000;

export const SETTINGS: Pick<ServiceSettings, 'every' | 'keepSeconds' | 'bounds'> = {
  every: { gradeSeconds: 86_400, followSeconds: 600 },
  keepSeconds: 400 * 86_400,
  bounds: { memory: 2 ** 30, seconds: 600, layerBytes: 10 * 2 ** 30, factBytes: 2 ** 20 },
};

export function tagged(tag: string, repository = 'team/app'): ImageName {
  return { registry: 'registry.example.com', repository, tag };
}

interface Made {
  readonly level?: number;
  readonly grade?: Grade;
  readonly at: number;
  readonly failing?: readonly string[];
  readonly builtAt?: Date;
  readonly bytes?: string;
  readonly report?: unknown;
}

/** A grade as a grader would make it, with little in it. */
export function madeGrade({
  level = 3,
  grade = 'B',
  at,
  failing = ['no-shell'],
  bytes = 'one',
  ...more
}: Made): MadeGrade {
  const score = { points: 15, total: 23, grade };
  const scorecard = {
    schemaVersion: '1',
    tool: { name: 'scoville', version: '1.2.3' },
    image: 'registry.example.com/team/app',
    digest: digestOf(bytes),
    gradedAt: new Date(at).toISOString(),
    platforms: [],
    level,
    levelName: 'Scotch Bonnet',
    overall: score,
    checked: score,
    vectors: {
      minimalism: score,
      provenance: { ...score, grade: 'A+' },
      configuration: score,
      vulnerabilities: { ...score, grade: 'D' },
    },
    criteria: failing.map((id) => ({
      id,
      title: id,
      vector: 'minimalism',
      level: 1,
      outcome: 'fail',
      summary: `${id} fails`,
      source: 'image',
      evidence: [],
      remedies: [],
    })),
    suggestions: [],
    waivers: [],
  } as unknown as Scorecard;
  return {
    scorecard,
    counts: { critical: 1, high: 2, medium: 3, low: 4, unknown: 5 },
    ...(more.builtAt === undefined ? {} : { builtAt: more.builtAt }),
    ...(more.report === undefined ? {} : { report: more.report }),
  };
}
