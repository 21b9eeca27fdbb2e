import type { BakeRow } from '../model/bake.ts';
import { jsonText } from './json-text.ts';

/** A bake as JSON: how each target ended, and its scorecard. */
export function bakeJson(rows: readonly BakeRow[]): string {
  return jsonText({ schemaVersion: '1', targets: rows });
}
