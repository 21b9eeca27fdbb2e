import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import { judgeRecipe } from '../../test/accuracy/judge-recipe.ts';
import { LABELLED_IMAGES } from '../../test/accuracy/labelled-images.ts';
import type { Labelled } from '../../test/accuracy/starting-points.ts';
import { type Answer, confusionTable, mistakes, totals } from './confusion.ts';
import { askPeer } from './peer.ts';

const images = Object.values(LABELLED_IMAGES).flat();

function answersOf(image: Labelled, got: (id: string) => Answer['got']): Answer[] {
  return CATALOGUE.map(({ id }) => ({
    image: image.name,
    criterion: id,
    expected: image.expected[id] ?? 'unknown',
    got: got(id),
  }));
}

async function ownAnswers(): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const image of images) {
    const results = new Map((await judgeRecipe(image.recipe)).map((r) => [r.id, r.outcome]));
    answers.push(...answersOf(image, (id) => results.get(id) ?? 'none'));
  }
  return answers;
}

async function peerAnswers(scorer: string, every: number, log: (line: string) => void) {
  const answers: Answer[] = [];
  const refused: string[] = [];
  const chosen = images.filter((_image, index) => index % every === 0);
  for (const [index, image] of chosen.entries()) {
    log(`${index + 1} of ${chosen.length}: ${image.name}`);
    const got = await askPeer(scorer, image.recipe);
    if (got === undefined) refused.push(image.name);
    else answers.push(...answersOf(image, (id) => got[id] ?? 'none'));
  }
  return { answers, refused, asked: chosen.length };
}

function summary(name: string, imageCount: number, answers: readonly Answer[]): string {
  const { answers: all, right, falsePasses, falseFails, notAsked } = totals(answers);
  const share = ((100 * right) / Math.max(1, all - notAsked)).toFixed(1);
  return (
    `${name}: ${imageCount} images, ${all - notAsked} answers, ${right} right (${share} %), ` +
    `${falsePasses} false passes, ${falseFails} false fails, ${notAsked} not asked`
  );
}

export interface AccuracyOptions {
  /** Path of chps-scorer.sh, where it is at hand. */
  readonly scorer: string | undefined;
  /** Asks it about every n-th image only. */
  readonly every: number;
  readonly print: (text: string) => void;
  readonly log: (line: string) => void;
}

/** Prints the tables; gives the exit code: 1 where an answer of ours is not the right one. */
export async function accuracy({ scorer, every, print, log }: AccuracyOptions): Promise<number> {
  const own = await ownAnswers();
  print(`${confusionTable(own)}\n\n${summary('scoville', images.length, own)}\n`);
  const wrong = own.filter(({ got, expected }) => got !== expected);
  for (const { image, criterion, got, expected } of wrong)
    print(`wrong: ${image}: ${criterion} is ${expected}, got ${got}\n`);
  if (scorer === undefined) {
    log('CHPS_SCORER=path/to/chps-scorer.sh asks chps-scorer too; it needs Docker');
  } else {
    const peer = await peerAnswers(scorer, every, log);
    print(`\n${mistakes(peer.answers)}\n\n`);
    print(`${summary('chps-scorer', peer.asked - peer.refused.length, peer.answers)}\n`);
    if (peer.refused.length > 0) print(`no answer: ${peer.refused.join('; ')}\n`);
  }
  return wrong.length === 0 ? 0 : 1;
}
