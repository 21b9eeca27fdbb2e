import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { configuredContext } from '../lib/engine-socket.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import type { CompletedCommand } from './command-help.ts';
import { type Command, type CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';
import {
  contextOf,
  type DockerCall,
  METADATA_WORD,
  pluginMetadata,
  PLUGINS,
  readBuilderWords,
  readDockerCall,
} from './plugin-call.ts';
import { toolRunner } from './tool-runner.ts';
import { VERSION } from './version.ts';

const LISTED_EVERY_MS = 250;
const MOST_NAMES = 4 * 1024 * 1024;

/**
 * Calls `cancel` when Docker closes the socket that it gave its plugin (`address`: a path, or
 * `@name` in Linux' abstract namespace). Without a terminal in common, that is how Ctrl-C reaches a
 * plugin (docker/cli, cli-plugins/socket). Keeps no process alive; a missing socket is ignored.
 */
export function watchPluginSocket(address: string, cancel: () => void): void {
  const isAbstract = address.startsWith('@');
  const socket = connect(isAbstract ? `\0${address.slice(1)}` : address);
  socket.unref();
  // Whatever Docker might say: it counts only that it stops.
  socket.resume();
  socket.once('connect', () => {
    socket.once('close', cancel);
  });
  socket.once('error', () => {
    if (isAbstract && !socket.readyState.includes('open')) watchListedSocket(address, cancel);
  });
}

/** Node.js before 22 pads abstract names: nobody listens. The kernel's list shows the end. */
function watchListedSocket(address: string, cancel: () => void): void {
  let wasThere = false;
  const timer = setInterval(() => {
    readFile('/proc/net/unix', 'utf8').then(
      (list) => {
        if (list.length > MOST_NAMES) return;
        const isThere = list.split('\n').some((line) => line.endsWith(` ${address}`));
        if (wasThere && !isThere) {
          clearInterval(timer);
          cancel();
        }
        wasThere ||= isThere;
      },
      () => {
        clearInterval(timer);
      },
    );
  }, LISTED_EVERY_MS);
  timer.unref();
}

const COMPLETE = /^__complete(?:NoDesc)?$/;

/** Answers Docker (`docker-NAME [global flags] NAME words`). What is not ours goes on to buildx. */
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
  const inContext = withBuilderOfContext(call, io);
  if (wanted.kind === 'build') return dispatch(['build', ...wanted.args], inContext);
  return handOn(['buildx', ...call.words], inContext);
}

/**
 * Without an alias Docker sets BUILDX_BUILDER to its context (cmd/docker/builder.go), so that
 * `docker build` builds where images are loaded, whatever `docker buildx use` chose. With one it
 * leaves that to the plugin.
 */
function withBuilderOfContext(call: DockerCall, io: CommandIo): CommandIo {
  if ((io.env['BUILDX_BUILDER'] ?? '') !== '') return io;
  const context = contextOf(call, io.env, configuredContext(pathsOf(io).dockerConfig));
  return {
    ...io,
    docker: {
      globals: io.docker?.globals ?? [],
      env: { ...io.docker?.env, BUILDX_BUILDER: context },
    },
  };
}

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

async function complete(
  words: readonly string[],
  io: CommandIo,
  commands: () => Promise<readonly CompletedCommand[]>,
): Promise<number> {
  const [how = '', name, ...typed] = words;
  if (name === PLUGINS.builder) return handOn([how, 'buildx', ...typed], io);
  const { completionAnswer } = await import('./command-help.ts');
  io.writeOut(completionAnswer(await commands(), typed, !how.endsWith('NoDesc')));
  return EXIT.met;
}
