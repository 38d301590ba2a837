import { describe, expect, onTestFinished, test } from 'vitest';
import { socketsOn } from '../../src/adapters/process/listeners.ts';
import { isAlive } from '../../src/adapters/system/identity.ts';
import { job, type OpenOptions, openReeve, type Reeve, server } from '../../src/index.ts';
import { leftIn } from '../support/host.ts';
import { freePort, listening, strangerOn } from '../support/ports.ts';
import { stateDirectory } from '../support/state-directory.ts';

async function open(options: OpenOptions): Promise<Reeve> {
  const reeve = await openReeve({ stateDir: stateDirectory(), ...options });
  onTestFinished(() => reeve.close());
  return reeve;
}
const ready = (port: number) => ({ tcp: port, every: '50ms', within: '30s' });

describe('a server is ready when it listens itself', () => {
  test('and not because somebody else, who was there before, answers on its port', async () => {
    const port = await freePort();
    const stranger = await strangerOn(port);
    const reeve = await open({ units: [server({ id: 'api', command: ['sleep', '1000'], ready: ready(port) })] });
    const status = () => reeve.unit('api').status();
    await expect.poll(() => status().why, { timeout: 10_000 }).not.toBe('');
    const { state, ready: isReady, why } = status();
    expect({ state, isReady, why }).toEqual({
      state: 'waiting-health',
      isReady: false,
      why: expect.stringMatching(`^port ${port} is held by ${stranger.pid} \\(.+\\), which is not of this unit$`),
    });
    await reeve.close();
    expect(isAlive(stranger)).toBe(true);
  });

  test.each([
    ['under a shell', (port: number) => `node -e '${listening(port)}'; true`],
    ['as a daemon', (port: number) => `setsid node -e '${listening(port)}' & exec sleep 1000`],
  ])('%s as well', async (_, command) => {
    const port = await freePort();
    const reeve = await open({ units: [server({ id: 'api', command: command(port), port, ready: ready(port) })] });
    expect(await reeve.unit('api').reached('ready', { within: '15s' })).toMatchObject({
      state: 'running',
      ready: true,
    });
    await reeve.close();
    expect(await leftIn(reeve.stateDir)).toEqual([]);
  });
});

describe('a server is launched where nobody is on its port', () => {
  test('and a stranger there is named: the unit settles, and the stranger runs on', async () => {
    const port = await freePort();
    const stranger = await strangerOn(port);
    const reeve = await open({ units: [server({ id: 'api', command: 'exec sleep 1000', port, restart: 'always' })] });
    const { outcome, why } = await reeve.unit('api').reached('settled', { within: '10s' });
    expect([outcome, why]).toEqual([
      'launch-failed',
      expect.stringMatching(
        `^Cannot use port ${port}: ${stranger.pid} \\(.+\\) of user \\d+ listens there\\. Stop it, or give`,
      ),
    ]);
    expect(isAlive(stranger)).toBe(true);
  });

  test('so a restart has its port back, however its listener ended', async () => {
    const port = await freePort();
    const command = `node -e '${listening(port)}' & exec sleep 1000`;
    const reeve = await open({ units: [server({ id: 'api', command, port, ready: ready(port) })] });
    const api = reeve.unit('api');
    await api.reached('ready', { within: '15s' });
    await api.restart();
    expect(await api.reached('ready', { within: '15s' })).toMatchObject({ run: { generation: 2 }, why: '' });
  });

  test('and what a unit that is removed had left there on purpose is ended', async () => {
    const port = await freePort();
    const reeve = await open({});
    const command = `setsid node -e '${listening(port)}' & exec sleep 0`;
    await reeve.run(job({ id: 'starter', command, keepDescendants: true }));
    const web = server({ id: 'web', command: ['node', '-e', listening(port)], port, ready: ready(port) });
    await expect.poll(() => socketsOn(port), { timeout: 5_000 }).toHaveLength(1);
    reeve.add(web);
    await expect(reeve.unit('web').start()).rejects.toMatchObject({
      message: expect.stringContaining('of unit starter listens there'),
    });
    await reeve.remove('starter');
    await reeve.unit('web').start();
    expect(reeve.unit('web').status()).toMatchObject({ state: 'running', ready: true });
  });
});
