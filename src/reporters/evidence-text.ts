import type { Evidence } from '../model/criterion.ts';
import { type Digest, digestHex } from '../model/digest.ts';
import { unreachable } from '../model/result.ts';

/** The first twelve hex digits, as Docker shortens a digest. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}

function withDetail(text: string, detail: string | undefined): string {
  return detail === undefined || detail === '' ? text : `${text} (${detail})`;
}

function lines(start: number, end: number): string {
  return start === end ? `line ${start}` : `lines ${start}-${end}`;
}

/** A piece of evidence on one line, as found: not cleaned. */
export function evidenceText(evidence: Evidence): string {
  switch (evidence.kind) {
    case 'file': {
      const layer = evidence.layer === undefined ? '' : ` in layer ${shortDigest(evidence.layer)}`;
      return withDetail(evidence.path + layer, evidence.detail);
    }
    case 'package':
      return withDetail(`${evidence.name} ${evidence.version}`, evidence.detail);
    case 'dockerfile': {
      const at = lines(evidence.startLine, evidence.endLine);
      return withDetail(`${at}: ${evidence.text}`, evidence.detail);
    }
    case 'attestation': {
      const digest = evidence.digest === undefined ? '' : ` ${shortDigest(evidence.digest)}`;
      return withDetail(evidence.predicateType + digest, evidence.detail);
    }
    case 'image':
      return withDetail(evidence.reference, evidence.detail);
    case 'config':
      return withDetail(`${evidence.field}: ${evidence.value}`, evidence.detail);
    case 'vulnerability': {
      const fix = evidence.fixedIn === undefined ? '' : `, fixed in ${evidence.fixedIn}`;
      return `${evidence.id} ${evidence.severity} in ${evidence.package} ${evidence.version}${fix}`;
    }
    case 'note':
      return evidence.text;
    default:
      return unreachable(evidence);
  }
}
