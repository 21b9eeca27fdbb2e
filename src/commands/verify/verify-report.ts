import { LEVEL_NAMES } from '../../model/criterion.ts';
import { loggedText } from '../../model/signature-origin.ts';
import type { ImageVerification, UnopenedImage, VerifiedItem } from '../../model/verification.ts';
import { shortened } from '../../reporters/clean-text.ts';
import { jsonText } from '../../reporters/json-text.ts';
import { cleanForTerminal } from '../../ui/clean.ts';

/** The answers as one JSON document (schema/scoville-verify-1.json). */
export function verificationJson(answers: readonly (ImageVerification | UnopenedImage)[]): string {
  return jsonText({ schemaVersion: '1', images: answers });
}

/** The answer for people, one image. */
export function verificationText(answer: ImageVerification): string {
  const { signatures, attestations, reasons } = answer;
  const told = new Set<string>();
  const lines = [
    answer.image,
    `  ${answer.digest}`,
    ...itemLines('signature', signatures, told),
    ...itemLines('attestation', attestations, told),
    ...(signatures.length + attestations.length === 0
      ? ['  No signatures or attestations found']
      : []),
    ...verdictLines(answer),
    summaryLine(answer),
    ...reasons.map((reason) => `  ${reason}`),
  ];
  // Types, reasons and names are the words of others.
  return `${lines.map(cleanForTerminal).join('\n')}\n`;
}

const OUTCOME = {
  verified: 'verified',
  short: 'not verified',
  unjudged: 'could not verify',
} as const;

/** A reason has to name who did sign, and whom else it was asked of. */
const LONGEST_REASON = 1000;

/**
 * One line for all of a type of which the same is said: an image's parts have one each. A reason is
 * `told` once, in the first of the lines.
 */
function itemLines(
  kind: string,
  items: readonly VerifiedItem[],
  told: Set<string>,
): readonly string[] {
  const digests = new Map<string, Set<string>>();
  const lineOf = new Map<string, string>();
  for (const { type, verification, verifiedBy, reason, digest } of items) {
    const why = verifiedBy ?? reason ?? '';
    const said = why === '' ? '' : `: ${shortened(why, LONGEST_REASON)}`;
    const start = `  ${kind.padEnd(12)}${type.slice(0, 200)} ${verification}`;
    const again =
      verifiedBy === undefined && said !== '' && told.has(said) ? ', for the same reason' : said;
    const line = lineOf.get(start + said) ?? start + again;
    lineOf.set(start + said, line);
    told.add(said);
    digests.set(line, (digests.get(line) ?? new Set()).add(digest.slice(0, 19)));
  }
  return [...digests].map(([line, [first = '', ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return `${line} (${first}${more})`;
  });
}

function verdictLines({
  level,
  gradedAt,
  tests,
  reproduction,
}: ImageVerification): readonly string[] {
  return [
    ...(level === undefined
      ? []
      : [
          `  level ${level} (${LEVEL_NAMES[level] ?? ''}), stated on ${gradedAt === undefined || gradedAt === '' ? 'an unknown day' : gradedAt}`,
        ]),
    ...(tests === undefined
      ? []
      : [`  criteria: ${tests.passed} passed, ${tests.warned} not judged, ${tests.failed} failed`]),
    ...(reproduction === undefined
      ? []
      : [
          reproduction.reproducible
            ? '  reproducible: a second build gave the same digest'
            : `  not reproducible: a second build differs in ${reproduction.differences} places`,
        ]),
  ];
}

const METHOD = { key: 'a key', certificate: 'a certificate', notation: 'notation' } as const;

/** Who signed, with what, where it is logged, the level, and what is missing, in one line. */
function summaryLine({ outcome, signedBy, signedWith, level, missing }: ImageVerification): string {
  const logged = signedWith === undefined ? '' : loggedText(signedWith);
  // A signature that verifies is not all that can be asked for.
  const link = outcome === 'verified' ? ' against' : ', though signed by';
  const parts = [
    `${OUTCOME[outcome]}${signedBy === undefined ? '' : `${link} ${signedBy}`}`,
    ...(signedWith === undefined
      ? []
      : [`signed with ${METHOD[signedWith.kind]}, ${logged === '' ? 'not logged' : logged}`]),
    ...(level === undefined ? ['no level'] : [`level ${level}`]),
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(', ')}`]),
  ];
  return parts.join('; ');
}
