import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Interrupted, messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type * as Service from '../service/main.ts';
import { SERVE, WORKER } from '../service/spec.ts';
import { command } from './flags.ts';
import type { CommandIo } from './io.ts';
import { VERSION } from './version.ts';

/** What only the service needs: npm, or the checkout, has it beside this. */
const PACKAGE = 'scoville-service';

export const serve = command(SERVE, (flags, operands, io) =>
  inService(io, (service) => service.serve(flags, operands, io)),
);

export const worker = command(WORKER, (flags, _, io) =>
  inService(io, (service) => service.worker(flags, io)),
);

async function inService(
  io: CommandIo,
  run: (service: typeof Service) => Promise<number>,
): Promise<number> {
  const service = (await io.importModule(pathToFileURL(fileOf(io)).href)) as typeof Service;
  if (service.VERSION !== VERSION)
    throw new UserError(`${PACKAGE} is ${service.VERSION}, scoville is ${VERSION}`, {
      nextStep: `npm install --global ${PACKAGE}@${VERSION}`,
    });
  return run(service).catch((thrown: unknown) => {
    throw ourError(thrown);
  });
}

function fileOf({ program }: CommandIo): string {
  const own = program.at(-1) ?? '';
  const inCheckout = resolve(dirname(own), '../dist-service/main.js');
  if (existsSync(inCheckout)) return inCheckout;
  try {
    return createRequire(own).resolve(PACKAGE);
  } catch (cause) {
    throw new UserError(`the service is a package of its own, and it is not installed`, {
      cause,
      nextStep: `npm install --global ${PACKAGE}@${VERSION}`,
    });
  }
}

/** The package has classes of its own for errors; they are known by name. */
function ourError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const { nextStep, exitCode } = thrown as Partial<UserError>;
  if (thrown.name === 'Interrupted') return new Interrupted(thrown.message);
  return typeof exitCode === 'number'
    ? new UserError(messageOf(thrown), { cause: thrown, exitCode, ...given({ nextStep }) })
    : thrown;
}
