import { SPEC_URL } from '../model/criterion.ts';
import { digestHex, digestOf } from '../model/digest.ts';
import type { Settings } from '../model/settings.ts';

/** What an image was checked against (in-toto/attestation, spec/v1/resource_descriptor.md). */
export interface PolicyDescriptor {
  readonly uri: string;
  readonly digest: { readonly sha256: string };
  readonly mediaType: string;
  /** The bytes that the digest is of, base64. */
  readonly content: string;
}

/** The settings that decide how an image is judged. */
export type JudgingSettings = Pick<Settings, 'gate' | 'recentDays' | 'databaseDays' | 'scanner'> & {
  readonly trust: Pick<Settings['trust'], 'images'>;
};

/**
 * The policy of a verdict: the criteria, the gate with its waivers, and the other settings that
 * verdicts depend on, wherever they were set. The same settings give the same digest. It brings its
 * content, since settings may have come from flags.
 */
export function verdictPolicy(settings: JudgingSettings): PolicyDescriptor {
  const { gate, trust, recentDays, databaseDays, scanner } = settings;
  const content = Buffer.from(
    JSON.stringify({
      criteria: SPEC_URL,
      gate: {
        ...(gate.minLevel === undefined ? {} : { minLevel: gate.minLevel }),
        ...(gate.minGrade === undefined ? {} : { minGrade: gate.minGrade }),
        waivers: gate.waivers.map(({ criterion, reason, expires }) => ({
          criterion,
          reason,
          ...(expires === undefined ? {} : { expires }),
        })),
      },
      trustedImages: trust.images,
      recentDays,
      databaseDays,
      scanner,
    }),
  );
  return {
    uri: POLICY_URI,
    digest: { sha256: digestHex(digestOf(content)) },
    mediaType: 'application/json',
    content: content.toString('base64'),
  };
}

const POLICY_URI = 'pkg:npm/scoville#policy/v1';
