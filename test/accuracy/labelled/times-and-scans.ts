import type { Severity } from '../../../src/model/facts.ts';
import { hardenedBut, type Labelled, OS_PACKAGES, plainBut } from '../starting-points.ts';
import { provenance, sbom, scanOf, seccomp } from '../statements.ts';

const cve = (severity: Severity, id = 'CVE-2026-0001') => ({
  id,
  severity,
  package: 'libc6',
  version: '1.0-1',
});

/** When it was built, whether that can be repeated, and what is known to be wrong with it. */
export const TIMES_LABELLED: readonly Labelled[] = [
  hardenedBut(
    'nobody built it a second time',
    { reproduction: undefined },
    { reproducible: 'unknown' },
  ),
  hardenedBut(
    'a second build differs',
    { reproduction: { reproducible: false, statedBy: 'this-run', differences: 3 } },
    { reproducible: 'fail' },
  ),
  hardenedBut(
    'built 40 days ago, by its provenance',
    {
      attestations: (s) => [
        provenance(s, { finishedOn: '2026-01-20T00:00:00Z' }),
        sbom(s, OS_PACKAGES),
        seccomp(s),
      ],
    },
    { 'recently-updated': 'fail' },
  ),
  hardenedBut('created at zero, built lately by its provenance', {
    created: '1970-01-01T00:00:00Z',
  }),
  plainBut(
    'created at zero',
    { created: '1970-01-01T00:00:00Z' },
    { 'recently-updated': 'unknown' },
  ),
  plainBut('created long ago', { created: '2024-02-01T00:00:00Z' }, { 'recently-updated': 'fail' }),
  plainBut(
    'created in the future',
    { created: '2031-01-01T00:00:00Z' },
    { 'recently-updated': 'unknown' },
  ),
  plainBut('no time of creation', { created: undefined }, { 'recently-updated': 'unknown' }),
  hardenedBut(
    'a critical CVE',
    { scan: scanOf(cve('critical')) },
    { 'no-critical': 'fail', 'no-known-cves': 'fail' },
  ),
  hardenedBut(
    'a high CVE',
    { scan: scanOf(cve('high')) },
    { 'no-high': 'fail', 'no-known-cves': 'fail' },
  ),
  hardenedBut(
    'a medium CVE',
    { scan: scanOf(cve('medium')) },
    { 'no-medium': 'fail', 'no-known-cves': 'fail' },
  ),
  hardenedBut(
    'a CVE of unknown severity',
    { scan: scanOf(cve('unknown')) },
    { 'no-known-cves': 'fail' },
  ),
  hardenedBut(
    'no scanner',
    { scan: undefined },
    {
      'no-critical': 'unknown',
      'no-high': 'unknown',
      'no-medium': 'unknown',
      'no-known-cves': 'unknown',
    },
  ),
];
