/** A score with the version of the system that it was computed by, as people write it. */
interface CvssScore {
  readonly version: 'CVSS 2.0' | 'CVSS 3.0' | 'CVSS 3.1' | 'CVSS 4.0';
  readonly score: number;
}

const V2 = /^\(?AV:[LAN]\/AC:[HML]\/Au:[MSN]\/C:[NPC]\/I:[NPC]\/A:[NPC]\)?$/;
const V3 = /^CVSS:3\.[01](?:\/[A-Z]{1,3}:[A-Z]){8,22}$/;
const V4 =
  /^CVSS:4\.0\/AV:[NALP]\/AC:[LH]\/AT:[NP]\/PR:[NLH]\/UI:[NPA]\/VC:[HLN]\/VI:[HLN]\/VA:[HLN]\/SC:[HLN]\/SI:[HLN]\/SA:[HLN](?:\/[A-Z]{1,3}:[A-Za-z]{1,6}){0,24}$/;
/** The calculator would take the last of several. */
const REPEATED = /([/(][A-Z]{1,3}:)(?:.*)\1/;

/**
 * The score of a CVSS vector of any version, 0 to 10 with one decimal: of 3.0 and 3.1 the base
 * score, of 4.0 that of all metrics. Undefined where the vector is malformed, says a metric twice
 * or lacks a base metric.
 */
export async function cvssScore(vector: string): Promise<CvssScore | undefined> {
  if (vector.length > 512 || REPEATED.test(vector)) return undefined;
  const version = V2.test(vector) ? '2.0' : (V3.exec(vector) ?? V4.exec(vector))?.[0].slice(5, 8);
  if (version === undefined) return undefined;
  const { Cvss2, Cvss3P0, Cvss3P1, Cvss4P0 } = (await import('ae-cvss-calculator')).default;
  const systems = { '2.0': Cvss2, '3.0': Cvss3P0, '3.1': Cvss3P1, '4.0': Cvss4P0 };
  const known = version as keyof typeof systems;
  try {
    const score = new systems[known](vector).calculateScores().base;
    if (score === undefined || !(score >= 0 && score <= 10)) return undefined;
    return { version: `CVSS ${known}`, score };
  } catch {
    return undefined;
  }
}
