import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { criteriaPages } from '../scripts/criteria-pages.ts';
import { CATALOGUE } from '../src/criteria/catalogue.ts';
import type { Level, Vector } from '../src/model/criterion.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** Where a copy of the specification lies beside the repository, its headings are read too. */
const SPECIFICATION = join(ROOT, '../shared/spec/CHPs.md');

/** The specification's summary table and headings, by our ids. */
const SPECIFIED: Readonly<Record<string, readonly [Vector, Level, string]>> = {
  'minimal-base': ['minimalism', 1, '#use-a-minimal-base-image'],
  'no-build-tooling': ['minimalism', 2, '#no-build-or-debug-tooling'],
  'no-shell': ['minimalism', 3, '#no-shell'],
  'no-package-manager': ['minimalism', 3, '#no-package-manager'],
  'trusted-source': ['provenance', 1, '#download-from-trusted-source'],
  'verified-downloads': ['provenance', 2, '#verify-downloads'],
  signed: ['provenance', 2, '#sign-images'],
  'recently-updated': ['provenance', 2, '#image-recently-updated'],
  'pinned-images': ['provenance', 3, '#pin-images-to-digests'],
  'pinned-packages': ['provenance', 3, '#pin-packages'],
  provenance: ['provenance', 4, '#slsa-provenance-attestations'],
  sbom: ['provenance', 4, '#sboms'],
  reproducible: ['provenance', 5, '#full-reproducibility'],
  'no-secrets': ['configuration', 1, '#no-secrets'],
  'no-elevated-files': ['configuration', 2, '#no-files-with-elevated-privileges'],
  'nonroot-user': ['configuration', 2, '#user-is-non-root'],
  'secrets-by-file': ['configuration', 3, '#support-secrets-via-file'],
  annotations: ['configuration', 3, '#add-annotations'],
  'security-profile': ['configuration', 5, '#attach-a-security-profile'],
  'no-critical': ['vulnerabilities', 2, '#no-critical'],
  'no-high': ['vulnerabilities', 3, '#no-high'],
  'no-medium': ['vulnerabilities', 4, '#no-medium'],
  'no-known-cves': ['vulnerabilities', 5, '#no-cves'],
};

/** The anchor that GitHub gives a heading. */
function anchor(heading: string): string {
  const text = heading
    .replace(/^#+\s+/, '')
    .trim()
    .toLowerCase();
  return `#${text.replace(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-')}`;
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).sort();
}

describe('the catalogue', () => {
  test('is the specification: ids, vectors, levels and anchors', () => {
    const listed = CATALOGUE.map((c) => [c.id, [c.vector, c.level, c.spec]] as const);
    expect(Object.fromEntries(listed)).toEqual(SPECIFIED);
    expect(CATALOGUE).toHaveLength(Object.keys(SPECIFIED).length);
  });

  test.runIf(existsSync(SPECIFICATION))('points at headings that the specification has', () => {
    const headings = readFileSync(SPECIFICATION, 'utf8').match(/^#+ .*$/gm) ?? [];
    const anchors = new Set(headings.map(anchor));
    expect(CATALOGUE.filter(({ spec }) => !anchors.has(spec)).map(({ id }) => id)).toEqual([]);
  });

  test.each(CATALOGUE)('$id has a title, what decides it, needs and a remedy', (criterion) => {
    const { title, decidedBy = '', needs, remedies } = criterion;
    expect(title.length).toBeGreaterThan(0);
    expect(decidedBy.length).toBeGreaterThan(40);
    expect(needs.length).toBeGreaterThan(0);
    expect(remedies.length).toBeGreaterThan(0);
    for (const remedy of remedies) {
      expect(remedy.title).not.toContain('\n');
      expect(remedy.detail.length).toBeGreaterThan(20);
    }
  });
});

describe('docs/criteria', () => {
  const pages = criteriaPages();

  test('has a page for each criterion and no other', () => {
    expect(filesIn('docs/criteria')).toEqual([...pages.keys()].sort());
  });

  test.each([...pages])('%s is current (node scripts/generate-criteria-docs.mjs)', (name, text) => {
    expect(readFileSync(join(ROOT, 'docs/criteria', name), 'utf8')).toBe(text);
  });
});
