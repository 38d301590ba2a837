// Shows what the cache has.
import { createServer } from 'node:http';

const CACHE = 'http://127.0.0.1:47811/';

const say = (words) => console.log(`${new Date().toISOString()} ${words}`);
const server = createServer(async (request, answer) => {
  if (request.url === '/health') return answer.end('ok\n');
  try {
    answer.end(await (await fetch(CACHE)).text());
  } catch {
    answer.writeHead(502).end();
    say('502: the cache does not answer');
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => say('listening'));
process.once('SIGTERM', () => {
  say('closing');
  server.close();
  server.closeAllConnections();
});
