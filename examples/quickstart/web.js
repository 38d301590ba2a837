// A server with a health check. It stops when it is asked to.
import { createServer } from 'node:http';

const port = Number(process.env.PORT);
const server = createServer((request, response) => {
  response.end(request.url === '/health' ? 'ok\n' : `hello from process ${process.pid}\n`);
});
server.listen(port, '127.0.0.1', () => console.log(`web listens on http://127.0.0.1:${port}`));
process.on('SIGTERM', () => server.close(() => console.log('web has closed')));
