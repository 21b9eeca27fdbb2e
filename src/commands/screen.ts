import type { CommandIo } from './io.ts';

/** Variables that say that no person is watching: most CI systems set the first, the others are of Jenkins and TeamCity. */
const CI_VARIABLES = ['CI', 'CONTINUOUS_INTEGRATION', 'BUILD_NUMBER', 'TEAMCITY_VERSION'];

type Outside = Pick<CommandIo, 'env' | 'inIsTerminal' | 'outIsTerminal' | 'errIsTerminal'>;

function isSet(env: CommandIo['env'], name: string): boolean {
  return !['', '0', 'false'].includes(env[name] ?? '');
}

/** True where lines may be drawn again: a terminal on stderr that moves its cursor, seen by a person who has not asked for plain text. */
export function canDraw({ env, errIsTerminal }: Pick<Outside, 'env' | 'errIsTerminal'>): boolean {
  return (
    errIsTerminal &&
    env['TERM'] !== 'dumb' &&
    !isSet(env, 'SCOVILLE_ACCESSIBLE') &&
    !isSet(env, 'INK_SCREEN_READER') &&
    !CI_VARIABLES.some((name) => isSet(env, name))
  );
}

/** True where a screen may also take keys and the whole terminal: all three streams are the terminal. */
export function canAsk(io: Outside): boolean {
  return canDraw(io) && io.inIsTerminal && io.outIsTerminal;
}
