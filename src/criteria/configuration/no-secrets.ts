import type { Evidence } from '../../model/criterion.ts';
import type { SecretFinding } from '../../model/facts.ts';
import { criterion } from '../criterion.ts';
import { configEvidence, count, fail, listed, note, pass } from '../verdict.ts';

function evidenceOf(found: SecretFinding): Evidence {
  const deleted = found.deleted === true ? ', deleted later but still in its layer' : '';
  const line = found.line === undefined ? '' : `, line ${found.line}`;
  const detail = `${found.rule}: ${found.masked}${line}${deleted}`;
  return found.where === 'layer' && found.path !== undefined
    ? {
        kind: 'file',
        path: found.path,
        ...(found.layer === undefined ? {} : { layer: found.layer }),
        detail,
      }
    : configEvidence(
        found.path ?? found.where,
        found.masked,
        `${found.where}: ${found.rule}${line}`,
      );
}

export const noSecrets = criterion({
  id: 'no-secrets',
  title: 'No secrets in the image',
  vector: 'configuration',
  level: 1,
  spec: '#no-secrets',
  needs: ['secrets'],
  decidedBy:
    'Known secret shapes and private keys in any layer, files deleted by later layers included, and in environment, labels, history and provenance fail; so do ' +
    '`.git` directories and credential files with content. Values are shown masked.',
  check: ({ secrets }) => {
    const { findings, scannedFiles } = secrets;
    if (findings.length === 0)
      return pass('no secret found', [
        note(`${scannedFiles} files of all layers, environment, labels and history looked at`),
      ]);
    const places = findings.map((found) => found.path ?? found.where);
    return fail(`${count(findings.length, 'secret')}: ${listed(places)}`, findings.map(evidenceOf));
  },
  remedies: [
    {
      title: 'Take the secret out, and replace it',
      detail:
        'Whoever has the image has the secret: revoke it. Hand build-time secrets in by RUN --mount=type=secret and run-time ones as files; deleting in a later layer does not help.',
      example: 'RUN --mount=type=secret,id=token curl -H @/run/secrets/token https://example.com/',
    },
  ],
});
