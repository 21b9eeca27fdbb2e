import { assignment } from '../../../model/assignment.ts';
import type { FixInput } from '../../../model/fix-rule.ts';
import type { ProposedEdit } from '../../../model/planned-edit.ts';
import { secretName } from '../../../model/secret-names.ts';
import type { ValueOf } from './exec-words.ts';
import { inImage } from './stage-view.ts';

/** Variables that an image's ENVs set to a constant, and those that were put into a command. */
export interface ImageVariables {
  readonly valueOf: ValueOf;
  readonly put: ReadonlyMap<string, string>;
}

/** One value per name set by ENV alone; undefined if it depends on an ARG or another variable. */
function constants(input: FixInput): ReadonlyMap<string, string | undefined> {
  const values = new Map<string, string | undefined>();
  for (const { keyword, instruction } of inImage(input)) {
    if (keyword !== 'ENV') continue;
    const isConstant = !instruction.rawArguments.includes('$');
    for (const pair of instruction.arguments) {
      const [name, value] = assignment(pair);
      if (name !== '' && value !== undefined) values.set(name, isConstant ? value : undefined);
    }
  }
  return values;
}

/** Constants of the image's variables, except secrets, as its shell would use them by default. */
export function imageVariables(input: FixInput): ImageVariables {
  const values = constants(input);
  const put = new Map<string, string>();
  return {
    put,
    valueOf: (name, fallback) => {
      const value = values.get(name);
      if (value === undefined || secretName(name) !== undefined) return undefined;
      put.set(name, value);
      return value === '' ? (fallback ?? '') : value;
    },
  };
}

/** A place in the image: another one given at the start of a container would lead nowhere. */
const PLACE = /^(?:\/[\w.@+-]+)+\/?$/;

/**
 * The risk of constants in a command: a value given when a container starts no longer counts there.
 * Undefined if there are none.
 */
export function constantRisk(
  put: ReadonlyMap<string, string>,
): Pick<ProposedEdit, 'risk' | 'riskReason'> | undefined {
  const names = [...put.keys()];
  const [last = ''] = names.slice(-1);
  if (names.length === 0) return undefined;
  const listed = names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
  const said = names.length === 1 ? 'has the value of its ENV' : 'have the values of their ENV';
  return {
    risk: [...put.values()].every((value) => PLACE.test(value)) ? 'medium' : 'high',
    riskReason: `${listed} ${said} in it: another one that is given at the start (docker run -e) no longer counts here`,
  };
}
