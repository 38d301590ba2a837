import { createConnection } from 'node:net';
import { type Answer, answerOf, type Bounds, failed, PASSED, printMs } from './answer.ts';

/** A server told to listen on `localhost` may have got either of the two. */
const LOOPBACKS = ['127.0.0.1', '::1'] as const;

/** Does anybody accept connections on this port of this machine? Says nothing, reads nothing, leaves at once. */
export async function askTcp(port: number, bounds: Bounds): Promise<Answer> {
  const first = await connectOnce(LOOPBACKS[0], port, bounds);
  if (first.is !== 'failed' || bounds.signal.aborted) return first;
  const second = await connectOnce(LOOPBACKS[1], port, bounds);
  return second.is === 'passed' ? second : first;
}

function connectOnce(host: string, port: number, { signal, timeoutMs }: Bounds): Promise<Answer> {
  const where = `${host}:${port}`;
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    const finish = (answer: Answer) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(answer);
    };
    const onAbort = () => finish(failed(`no answer from ${where} within ${printMs(timeoutMs)}`));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', (error) => finish(answerOf(error, where)));
    socket.on('connect', () => {
      // With nobody listening, the kernel may pick the very port that is asked for as our own and connect us to
      // ourselves (RFC 9293 §3.5, simultaneous open).
      const isOurselves = socket.localPort === port && socket.localAddress === socket.remoteAddress;
      finish(isOurselves ? failed(`connection refused on ${where}`) : PASSED);
    });
  });
}
