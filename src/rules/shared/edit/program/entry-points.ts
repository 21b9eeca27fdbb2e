import type { FixInput } from '../../../../model/fix-rule.ts';
import { baseName } from '../stage-view.ts';

/** Entry points of official images that start what they are given, after a preparation. */
export const ENTRY_POINT =
  /(?:^|\/)(?:docker(?:-[a-z]+)*-entrypoint(?:\.sh)?|__cacert_entrypoint\.sh)$/;
/** Official images whose entry point starts what it is given, as the user that it has itself. */
const HANDS_ON = new Set(
  'node nginx php httpd haproxy caddy golang ruby eclipse-temurin composer bash'.split(' '),
);

/** True for an official image's entry point that starts its arguments without changing them. */
export function handsOn(input: Pick<FixInput, 'model' | 'imageStages'>, program: string): boolean {
  return ENTRY_POINT.test(program) && HANDS_ON.has(baseName(input));
}
