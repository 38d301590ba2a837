import { assertEvent } from 'xstate';
import { commands } from './unit-commands.ts';

/** What others wait for it to print. */
export const prints = {
  seekPrint: commands.enqueueActions(({ enqueue, context: { run }, event }) => {
    assertEvent(event, 'print.sought');
    const { pattern } = event;
    if (run === null || typeof run.printed?.[pattern] === 'boolean') return;
    enqueue.assign({ run: { ...run, printed: { ...run.printed, [pattern]: null } } });
    enqueue({ type: 'startProbe', params: { probe: 'printed' } });
  }),
  notePrint: commands.assign(({ context: { run }, event }) => {
    assertEvent(event, 'run.printed');
    return { run: run && { ...run, printed: { ...run.printed, [event.pattern]: event.found } } };
  }),
};
