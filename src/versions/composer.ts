import { byCodeUnit } from '../model/order.ts';
import { byEach, byNumber } from './numbers.ts';

interface ComposerVersion {
  readonly numbers: readonly string[];
  readonly stage: number;
  readonly stageNumbers: readonly string[];
  readonly isDev: boolean;
}

const COMPOSER_VERSION =
  /^v?(\d+(?:\.\d+)*)(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)([.-]?\d+(?:[.-]\d+)*)?)?([.-]?dev)?$/;
const STAGES = ['alpha', 'beta', 'rc', 'stable', 'patch'];
const SHORT_STAGES: Readonly<Record<string, string>> = {
  a: 'alpha',
  b: 'beta',
  p: 'patch',
  pl: 'patch',
};

/** Orders PHP package versions as Composer (composer/semver). A branch, `dev-main`, comes first. */
export function compareComposer(a: string, b: string): number {
  const [left, right] = [composerVersion(a), composerVersion(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined) || byCodeUnit(a, b);
  const numbers = (x: readonly string[], y: readonly string[]): number =>
    byEach(x, y, (one = '0', other = '0') => byNumber(one, other));
  return (
    numbers(left.numbers, right.numbers) ||
    Number(right.isDev && right.stage === STABLE) - Number(left.isDev && left.stage === STABLE) ||
    left.stage - right.stage ||
    numbers(left.stageNumbers, right.stageNumbers) ||
    Number(right.isDev) - Number(left.isDev)
  );
}

const STABLE = STAGES.indexOf('stable');

function composerVersion(text: string): ComposerVersion | undefined {
  const counted = text.trim().toLowerCase().split('+', 1)[0] ?? '';
  const found = COMPOSER_VERSION.exec(counted);
  if (found === null) return undefined;
  const [, numbers = '', stage = 'stable', stageNumbers = '', dev] = found;
  return {
    numbers: numbers.split('.'),
    stage: STAGES.indexOf(SHORT_STAGES[stage] ?? stage),
    stageNumbers: stageNumbers.match(/\d+/g) ?? [],
    isDev: dev !== undefined,
  };
}
