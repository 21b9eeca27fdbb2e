import { quantity } from '../../lib/text.ts';
import type { Evidence, Verdict } from '../../model/criterion.ts';
import type { SecretFinding, SecretsFact } from '../../model/facts.ts';
import { configEvidence, criterion, fail, listed, note, pass, unknown } from '../criterion.ts';

function evidenceOf(found: SecretFinding): Evidence {
  const deleted = found.deleted === true ? ', deleted later but still in its layer' : '';
  const byte = found.offset === undefined ? '' : `byte ${found.offset}`;
  const inFile = found.line === undefined ? byte : `line ${found.line}`;
  // Of a repository or a key store no value is shown.
  const shown = [found.masked, inFile].filter(Boolean).join(', ');
  const line = (inFile && `, ${inFile}`) + lineText(found);
  const what = found.rule + (shown && `: ${shown}`) + lineText(found);
  const detail = `${what}${deleted}${ofPackage(found)}`;
  return found.where === 'layer' && found.path !== undefined
    ? {
        kind: 'file',
        path: found.inside === undefined ? found.path : `${found.path}!/${found.inside}`,
        ...(found.layer === undefined ? {} : { layer: found.layer }),
        detail,
      }
    : configEvidence(
        found.path ?? found.where,
        found.masked,
        `${found.where}: ${found.rule}${line}`,
      );
}

const lineText = ({ dockerfileLine }: SecretFinding): string =>
  dockerfileLine === undefined ? '' : ` (Dockerfile:${dockerfileLine})`;

function ofPackage({ package: item, unpublished }: SecretFinding): string {
  const why = unpublished === undefined ? '' : ` (${unpublished})`;
  return item === undefined ? '' : `, in ${item.name} ${item.version}${why}`;
}

function placeText(found: SecretFinding): string {
  const { where, path } = found;
  const place = where === 'layer' ? (path ?? where) : [where, path].filter(Boolean).join(' ');
  return place + lineText(found) + ofPackage(found);
}

/** Each secret once, with its kind and its places: files first, then what only repeats them. */
function named(findings: readonly SecretFinding[]): readonly string[] {
  const found = new Map<string, SecretFinding[]>();
  findings.forEach((one, at) => {
    // A mask shows a value's beginning alone: without a mark two keys in files may look the same.
    const key = one.mark ?? (one.where === 'layer' ? String(at) : one.masked);
    found.set(key, [...(found.get(key) ?? []), one]);
  });
  return [...found.values()].map((all) => {
    const rule = all[0]?.rule ?? '';
    const [place = '', ...others] = new Set(all.map(placeText));
    const more = others.length === 0 ? '' : ` and ${quantity(others.length, 'more place')}`;
    return `${rule} in ${place}${more}`;
  });
}

function lookedAt({ scannedFiles, unopened = {} }: SecretsFact): readonly Evidence[] {
  const kinds = Object.entries(unopened).map(([kind, files]) => `${kind} ${files}`);
  return [
    note(
      `${quantity(scannedFiles, 'file')} of all layers, configuration, history and attestations checked`,
    ),
    ...(kinds.length === 0 ? [] : [note(`packed and not opened: ${kinds.join(', ')}`)]),
  ];
}

/** What was read only in part: secrets in the rest are not found. */
function unread({ gaps = [], moreGaps = 0 }: SecretsFact): Verdict | undefined {
  const [first] = gaps;
  if (first === undefined) return undefined;
  const files = gaps.length + moreGaps;
  return unknown(
    `no secret found, but ${quantity(files, 'file')} not checked to the end: ${listed(gaps.map(({ path }) => path))} (${first.reason})`,
    'Take the file out of the image, unpack it, and search it: gitleaks dir FOLDER',
    gaps.map(({ path, reason }) => note(`${path}: ${reason}`)),
  );
}

/** Ignored findings, counted by reason, so nobody has to trust that there were none. */
function setAside({ suppressed = [] }: SecretsFact): readonly Evidence[] {
  const reasons = new Map<string, string[]>();
  for (const found of suppressed) {
    const reason = `${found.reason}${ofPackage(found)}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), found.path ?? '']);
  }
  return [...reasons].map(([reason, paths]) =>
    note(`set aside, ${reason}: ${paths.length} (${listed([...new Set(paths)])})`),
  );
}

export const noSecrets = criterion({
  id: 'no-secrets',
  title: 'No secrets in the image',
  vector: 'configuration',
  level: 1,
  spec: '#no-secrets',
  why: 'Anyone who can pull the image can read every layer of it. A file that a later layer deletes is still there.',
  needs: ['secrets'],
  decidedBy:
    'Known secret shapes and private keys fail in any layer, in environment, labels, history ' +
    'and provenance. Files that later layers delete count too. `.git` directories and ' +
    'credential files with content also fail. Values are shown masked. Published tests and ' +
    'documentation are set aside by rule, counted and shown. So is a file that its package ' +
    'publishes with the same bytes. Layers that were not scanned, or files that were not ' +
    'checked to their end, are unknown.',
  check: ({ secrets }) => {
    const { findings, incomplete } = secrets;
    if (findings.length > 0) {
      const secretsFound = named(findings);
      const evidence = [...findings.map(evidenceOf), ...setAside(secrets)];
      return fail(`${quantity(secretsFound.length, 'secret')}: ${listed(secretsFound)}`, evidence);
    }
    if (incomplete !== undefined) return unknown(incomplete);
    const partly = unread(secrets);
    if (partly !== undefined) return partly;
    return pass('no secret found', [...lookedAt(secrets), ...setAside(secrets)]);
  },
  remedies: [
    {
      title: 'Remove the secret and rotate it',
      detail:
        'Anyone who can pull the image can read it, even if a later layer deletes it. Revoke it. Use RUN --mount=type=secret at build time and a mounted file at run time.',
      example: 'RUN --mount=type=secret,id=token curl -H @/run/secrets/token https://example.com/',
    },
  ],
});
