import { cvss3Score } from './cvss3.ts';

/** A score with the version of the system that it was computed by, as people write it. */
export interface CvssScore {
  readonly version: 'CVSS 2.0' | 'CVSS 3.0' | 'CVSS 3.1' | 'CVSS 4.0';
  readonly score: number;
}

const V2 = /^\(?AV:[LAN]\/AC:[HML]\/Au:[MSN]\/C:[NPC]\/I:[NPC]\/A:[NPC]\)?$/;
const V4 =
  /^CVSS:4\.0\/AV:[NALP]\/AC:[LH]\/AT:[NP]\/PR:[NLH]\/UI:[NPA]\/VC:[HLN]\/VI:[HLN]\/VA:[HLN]\/SC:[HLN]\/SI:[HLN]\/SA:[HLN](?:\/[A-Z]{1,3}:[A-Za-z]{1,6}){0,24}$/;

/** The score of a CVSS vector of any version; undefined where it is none. Only 2.0 and 4.0 load their calculator. */
export async function cvssScore(vector: string): Promise<CvssScore | undefined> {
  const three = cvss3Score(vector);
  if (three !== undefined)
    return { version: vector.startsWith('CVSS:3.0') ? 'CVSS 3.0' : 'CVSS 3.1', score: three };
  if (vector.length > 512 || (!V2.test(vector) && !V4.test(vector))) return undefined;
  const { default: calculator } = await import('ae-cvss-calculator');
  try {
    const { overall } = V4.test(vector)
      ? new calculator.Cvss4P0(vector).calculateScores()
      : new calculator.Cvss2(vector).calculateScores();
    if (!(overall >= 0 && overall <= 10)) return undefined;
    return { version: V4.test(vector) ? 'CVSS 4.0' : 'CVSS 2.0', score: overall };
  } catch {
    return undefined;
  }
}
