// A server in front of web. It is ready when web answers it.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const port = Number(process.env.PORT);
const greeting = readFileSync(new URL('watched/greeting.txt', import.meta.url), 'utf8').trim();

const server = createServer(async (request, response) => {
  try {
    const answer = await fetch(`http://127.0.0.1:43117${request.url}`);
    response.end(`${greeting}: ${await answer.text()}`);
  } catch {
    response.writeHead(502).end('web does not answer\n');
  }
});
server.listen(port, '127.0.0.1', () => console.log(`gate listens on http://127.0.0.1:${port}, and says "${greeting}"`));
process.on('SIGTERM', () => server.close(() => console.log('gate has closed')));
