import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT, UserError } from '../../model/errors.ts';
import type { CompletedCommand } from '../../plans/flags/completion.ts';
import {
  contextOf,
  type DockerCall,
  readBuilderWords,
  readDockerCall,
} from '../../plans/plugin/docker-call.ts';
import { METADATA_WORD, PLUGINS, pluginMetadata } from '../../plans/plugin/plugin-file.ts';
import { toolRunner } from '../context.ts';
import type { Command, CommandIo } from '../io.ts';
import { pathsOf } from '../paths.ts';
import { VERSION } from '../version.ts';

/** Docker's words to a plugin that ask for shell completion, and are not calls. */
const COMPLETE = /^__complete(?:NoDesc)?$/;

/**
 * Answers Docker, which calls a plugin as `docker-NAME [global flags] NAME words`: our own commands
 * for `docker scoville`; for the builder a build, and all else goes on to buildx as it is.
 * `dispatch` runs one of our command lines, `commands` lists what completion offers.
 */
export async function dockerPlugin(
  words: readonly string[],
  io: CommandIo,
  dispatch: Command,
  commands: () => Promise<readonly CompletedCommand[]>,
): Promise<number> {
  if (words[0] === METADATA_WORD) {
    io.writeOut(`${pluginMetadata(PLUGINS.command, VERSION)}\n`);
    return EXIT.met;
  }
  if (COMPLETE.test(words[0] ?? '')) return complete(words, io, commands);
  const call = readDockerCall(words, Object.values(PLUGINS));
  const called = calledIo(call, io);
  if (call.name === PLUGINS.command) return dispatch(call.words, called);
  if (call.name === PLUGINS.builder) return builder(call, called, dispatch);
  throw new UserError('this is a plugin of Docker, which docker calls', {
    nextStep: 'docker scoville build .',
  });
}

/** The same outside, with Docker's global flags for each docker, without this call's variables. */
function calledIo(call: DockerCall, io: CommandIo): CommandIo {
  const config = call.configDir === undefined ? undefined : resolve(io.cwd, call.configDir);
  const env = config === undefined ? {} : { DOCKER_CONFIG: config };
  return {
    ...io,
    env: { ...io.env, ...env },
    docker: {
      globals: call.globals,
      env: {
        ...env,
        DOCKER_CLI_PLUGIN_SOCKET: undefined,
        DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: undefined,
      },
    },
  };
}

async function builder(call: DockerCall, io: CommandIo, dispatch: Command): Promise<number> {
  const wanted = readBuilderWords(call.words);
  const inContext = await withBuilderOfContext(call, io);
  if (wanted.kind === 'build') return dispatch(['build', ...wanted.args], inContext);
  return handOn(['buildx', ...call.words], inContext);
}

/**
 * Without an alias Docker sets BUILDX_BUILDER to its context (cmd/docker/builder.go), so that
 * `docker build` builds where images are loaded, whatever `docker buildx use` chose. With one it
 * leaves that to the plugin.
 */
async function withBuilderOfContext(call: DockerCall, io: CommandIo): Promise<CommandIo> {
  if ((io.env['BUILDX_BUILDER'] ?? '') !== '') return io;
  const context = contextOf(call, io.env, await configuredContext(pathsOf(io).dockerConfig));
  return {
    ...io,
    docker: {
      globals: io.docker?.globals ?? [],
      env: { ...io.docker?.env, BUILDX_BUILDER: context },
    },
  };
}

async function configuredContext(dockerConfig: string): Promise<string | undefined> {
  try {
    const text = await readFile(join(dockerConfig, 'config.json'), 'utf8');
    const { currentContext } = JSON.parse(text) as { readonly currentContext?: unknown };
    return typeof currentContext === 'string' ? currentContext : undefined;
  } catch {
    // As for docker itself: no file, or none that can be read, names no context.
    return undefined;
  }
}

/** Starts docker with our streams and ends as it ends. */
async function handOn(args: readonly string[], io: CommandIo): Promise<number> {
  const result = await toolRunner(io)({
    command: 'docker',
    args,
    cwd: io.cwd,
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
    timeoutMs: { unlimited: 'any docker command, in the terminal of the user' },
    signal: io.signal,
  });
  switch (result.ended) {
    case 'exit':
      return result.exitCode;
    case 'not-found':
      throw new UserError('docker is not installed', { nextStep: 'scoville doctor' });
    case 'aborted':
    case 'signal':
    case 'timeout':
      return EXIT.interrupted;
  }
}

/** Buildx completes the builder's flags; ours are completed from the tables of the commands. */
async function complete(
  words: readonly string[],
  io: CommandIo,
  commands: () => Promise<readonly CompletedCommand[]>,
): Promise<number> {
  const [how = '', name, ...typed] = words;
  if (name === PLUGINS.builder) return handOn([how, 'buildx', ...typed], io);
  const { completionAnswer } = await import('../../plans/flags/completion.ts');
  io.writeOut(completionAnswer(await commands(), typed, !how.endsWith('NoDesc')));
  return EXIT.met;
}
