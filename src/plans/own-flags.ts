import { REPORT_FORMATS } from '../model/report.ts';
import type { FlagSpec } from './flag-spec.ts';

/** The flags that `scoville build` adds. None is a flag of any buildx; `--buildx-arg` reaches one that a later buildx may call the same. */
export const OWN_FLAGS: readonly FlagSpec[] = [
  { name: 'dry-run', kind: 'bool', help: 'Show the plan; build nothing' },
  { name: 'json', kind: 'bool', help: 'Print the scorecard (or the plan) as JSON' },
  {
    name: 'report',
    kind: 'array',
    value: 'FORMAT[=FILE]',
    choices: REPORT_FORMATS,
    help: 'Write a report; may be repeated',
  },
  {
    name: 'min-level',
    kind: 'string',
    value: 'LEVEL',
    choices: ['0', '1', '2', '3', '4', '5'],
    help: 'Publish nothing below this level',
  },
  {
    name: 'min-grade',
    kind: 'string',
    value: 'GRADE',
    choices: ['A+', 'A', 'B', 'C', 'D'],
    help: 'Publish nothing below this grade',
  },
  { name: 'sign', kind: 'bool', help: 'Sign the image and its attestations (on by default)' },
  {
    name: 'key',
    kind: 'string',
    value: 'FILE|URI',
    path: true,
    help: 'Sign with this key: a file, or a KMS or PKCS#11 URI',
  },
  { name: 'keyless', kind: 'bool', help: 'Sign with an OIDC identity in place of a key' },
  {
    name: 'signature-format',
    kind: 'string',
    value: 'FORMAT',
    choices: ['bundle', 'legacy', 'both'],
    help: 'Store the signature as bundle, old tag, or both',
  },
  {
    name: 'repro',
    kind: 'string',
    value: 'MODE',
    choices: ['safe', 'aggressive', 'off'],
    help: 'Which normalising rules make the image reproducible',
  },
  { name: 'pin', kind: 'bool', help: 'Pin external images to digests (on by default)' },
  { name: 'grade', kind: 'bool', help: 'Grade the image (on by default)' },
  {
    name: 'scanner',
    kind: 'string',
    value: 'NAME',
    choices: ['auto', 'grype', 'trivy', 'docker-scout', 'osv', 'none'],
    help: 'Vulnerability scanner',
  },
  {
    name: 'max-age',
    kind: 'string',
    value: 'DAYS',
    help: 'Age up to which an image counts as recent (30)',
  },
  {
    name: 'plain-http',
    kind: 'array',
    value: 'HOST',
    help: 'Speak HTTP without TLS to this registry; may be repeated',
  },
  {
    name: 'config',
    kind: 'string',
    value: 'FILE',
    path: true,
    help: 'Settings file (default: the nearest .scoville.yaml)',
  },
  { name: 'interactive', kind: 'bool', help: 'Ask and draw in a terminal (on by default)' },
  {
    name: 'buildx-arg',
    kind: 'array',
    value: 'ARG',
    help: 'Hand this argument on to buildx unread; may be repeated',
  },
];
