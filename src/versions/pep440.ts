import { byCodeUnit } from '../model/order.ts';
import { byEach, byNumber } from './numbers.ts';

interface PythonVersion {
  readonly epoch: string;
  readonly release: readonly string[];
  /** Stage and number; undefined for none. */
  readonly pre: readonly [number, string] | undefined;
  readonly post: string | undefined;
  readonly dev: string | undefined;
  readonly local: readonly string[] | undefined;
}

/** Appendix B of PEP 440. */
const PYTHON_VERSION =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i;

const PYTHON_STAGES: readonly string[] = ['a', 'b', 'rc'];

/** Orders two versions of Python packages (PEP 440). What is not one of them comes first. */
export function comparePep440(a: string, b: string): number {
  const [left, right] = [pythonVersion(a), pythonVersion(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined) || byCodeUnit(a, b);
  const [stage, otherStage] = [stageOf(left), stageOf(right)];
  return (
    byNumber(left.epoch, right.epoch) ||
    byEach(left.release, right.release, (x = '0', y = '0') => byNumber(x, y)) ||
    stage[0] - otherStage[0] ||
    byNumber(stage[1], otherStage[1]) ||
    byPresence(left.post, right.post, byNumber) ||
    byPresence(left.dev, right.dev, byNumber, true) ||
    byPresence(left.local, right.local, (x, y) => byEach(x, y, byLocal))
  );
}

function pythonVersion(text: string): PythonVersion | undefined {
  const found = PYTHON_VERSION.exec(text);
  if (found === null) return undefined;
  const [, epoch = '0', release = '0', stage, number, implicit, post, postNumber, dev, devNumber] =
    found;
  const local = found[10]?.toLowerCase().split(/[-_.]/);
  const pre =
    stage === undefined
      ? undefined
      : ([PYTHON_STAGES.indexOf(stageName(stage.toLowerCase())), number || '0'] as const);
  return {
    epoch,
    release: release.split('.'),
    pre,
    post: implicit ?? (post === undefined ? undefined : postNumber || '0'),
    dev: dev === undefined ? undefined : devNumber || '0',
    local,
  };
}

function stageName(word: string): string {
  if (word.startsWith('a')) return 'a';
  return word.startsWith('b') ? 'b' : 'rc';
}

/** A development release of a final one comes before its alphas; a final one after all. */
function stageOf({ pre, post, dev }: PythonVersion): readonly [number, string] {
  if (pre !== undefined) return pre;
  return [post === undefined && dev !== undefined ? -1 : PYTHON_STAGES.length, '0'];
}

/** Without comes before with; where `reversed`, after it. */
function byPresence<T>(
  a: T | undefined,
  b: T | undefined,
  compare: (a: T, b: T) => number,
  reversed = false,
): number {
  if (a !== undefined && b !== undefined) return compare(a, b);
  return (Number(a !== undefined) - Number(b !== undefined)) * (reversed ? -1 : 1);
}

/** Fewer before more, words before numbers. */
function byLocal(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return byNumber(a, b);
  return Number(isNumber) - Number(isOtherNumber) || byCodeUnit(a, b);
}
