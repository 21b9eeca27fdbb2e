import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';

const LISTED_EVERY_MS = 250;
const MOST_NAMES = 4 * 1024 * 1024;

/**
 * Calls `cancel` when Docker closes the socket that it gave its plugin (`address`: a path, or
 * `@name` in Linux' abstract namespace): without a terminal in common, that is how Ctrl-C reaches a
 * plugin (docker/cli, cli-plugins/socket). Keeps no process alive; a socket that is not there is
 * none.
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

/**
 * Before version 22 Node.js fills an abstract name with zeros up to its longest, which is another
 * name, and nobody listens there. That Docker closed its end shows in the kernel's list too.
 */
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
