// Hands what comes to one end on to the other: forward.mjs LISTEN CONNECT, each a socket's path or PORT on this machine.
// Says `forwards LISTEN` once it listens.
import { connect, createServer } from 'node:net';

const [listen, to] = process.argv.slice(2);
const place = (text) =>
  text.startsWith('/') ? { path: text } : { port: Number(text), host: '127.0.0.1' };
createServer((from) => {
  const other = connect(place(to));
  for (const end of [from, other])
    end.on('error', () => {
      from.destroy();
      other.destroy();
    });
  from.pipe(other).pipe(from);
}).listen(place(listen), () => console.log(`forwards ${listen}`));
