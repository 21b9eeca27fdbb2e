import type { CardView, EditView, FindingView, ReviewWork } from '../../src/ui/review-model.ts';

export const finding = (id: string, more: Partial<FindingView> = {}): FindingView => ({
  id,
  title: `Title of ${id}`,
  vector: 'Minimalism',
  level: 2,
  outcome: 'fail',
  summary: `${id} is not met`,
  evidence: [`${id}: first`, `${id}: second`],
  remedies: [{ title: `Mend ${id}`, detail: 'By this.', example: 'RUN mend' }],
  group: 'For level 2 (Jalapeno): 2 to fix',
  also: [],
  ...more,
});

export const CARD: CardView = {
  image: 'app:1',
  digest: 'sha256:0123456789ab',
  level: 1,
  levelText: 'Level 1 of 5: Pimiento',
  gradeText: 'Grade B, 10 of 20',
  overall: { name: 'Overall', points: 10, total: 20, grade: 'B', isChecked: true, change: 0 },
  vectors: [{ name: 'Minimalism', points: 1, total: 4, grade: 'D', isChecked: true, change: -1 }],
  findings: [
    finding('no-shell', { before: 'pass' }),
    finding('nonroot-user'),
    finding('sbom', { outcome: 'pass', summary: 'there', group: '' }),
  ],
  restText: 'Passed: 1.',
  steps: [{ command: 'scoville fix', text: '2 edits are ready: +2 points' }],
  before: { level: 2, grade: 'A' },
};

export const edit = (id: string): EditView => ({
  id,
  title: `Title of ${id}`,
  why: `why ${id}`,
  risk: 'low: little',
  gain: '1 point, grade A, level 2',
  diff: `--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,2 +1,2 @@\n FROM base\n-USER root\n+USER ${id}\n`,
});

/** Work that records what it was asked to do. */
export function recordedWork(more: Partial<ReviewWork> = {}) {
  const asked: string[] = [];
  const work: ReviewWork = {
    edits: () => Promise.resolve([edit('one'), edit('two')]),
    worth: (ids) => `${ids.size} points`,
    apply: (ids) => {
      asked.push(`apply ${ids.join(' ')}`);
      return Promise.resolve(['written: Dockerfile']);
    },
    rebuild: () => {
      asked.push('rebuild');
      const overall = { ...CARD.overall, points: 16, grade: 'A' as const, change: 6 };
      return Promise.resolve({ ...CARD, level: 2, overall });
    },
    ...more,
  };
  return { work, asked };
}
