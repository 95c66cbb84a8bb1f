import { isDelta, placeOf, textOf } from '../../shared/events/delta.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { RecordedRequest, Turn } from '../support/scripted-turn.ts';
import { doneWithFile, type Line } from './scripted-sessions.ts';
import type { WireEvent } from './streams.ts';

/**
 * A run that runs code once: seen as points at which it may be held, with the events that a client has by then.
 * Every piece of the model and every line of the session is a point.
 */
export const EVENTS_AT = [3, 6, 7, 8, 8, 9, 10, 11, 12, 18, 19, 23] as const;
export const POINTS = EVENTS_AT.length;
export const EVENTS = EVENTS_AT[POINTS - 1]!;

/** Waits at `point` of the run that `name` names, where the test holds it. */
export type Hold = (name: string, point: number) => Promise<unknown>;

/** The user's message of a run, and its first line of code, end with the run's name. */
const nameIn = (text: string): string => /run (\S+)/.exec(text)?.[1] ?? '';

export const userText = (name: string): string => `Please do run ${name}`;

export function modelOf(hold: Hold) {
  return ({ body }: RecordedRequest): Turn => {
    const user = body.messages.findLast(({ role }) => role === 'user');
    const name = nameIn(String(user?.content));
    const call = (piece: object) => ({ delta: { tool_calls: [{ index: 0, ...piece }] } });
    const at = (point: number) => ({ gate: hold(name, point) });
    if (body.messages.at(-1)?.role === 'tool') {
      return {
        pieces: [at(8), 'See [it](sandbox:/mnt/data/a.txt)', at(9), ' there.', at(10)],
      };
    }
    const begin = { id: `call_${name}`, function: { name: 'python', arguments: '{"code":"' } };
    return {
      pieces: [
        at(0),
        call(begin),
        at(1),
        call({ function: { arguments: `# run ${name}\\n` } }),
        at(2),
        call({ function: { arguments: 'print(1)"}' } }),
        at(3),
      ],
      finish: 'tool_calls',
    };
  };
}

/** One white pixel. */
const FIGURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==';

export const sessionOf =
  (hold: Hold) =>
  (code: string): readonly Line[] => {
    const at = (point: number) => () => hold(nameIn(code), point);
    return [
      at(4),
      { type: 'stream', name: 'stdout', text: 'one\n' },
      at(5),
      { type: 'display_data', mime: 'image/png', data: FIGURE },
      at(6),
      { type: 'stream', name: 'stdout', text: 'two\n' },
      at(7),
      doneWithFile,
    ];
  };

/**
 * What a stream tells, whatever the pieces in which it does: changes of state by name, and between them what
 * the deltas add to each place. Ids of objects become their order of appearance.
 */
export function storyOf(events: readonly WireEvent[], name: string): string[] {
  const objects: string[] = [];
  const nameOf = (id: string) => {
    if (!objects.includes(id)) objects.push(id);
    return `#${objects.indexOf(id)}`;
  };
  const story: { place: string; text: string }[] = [];
  for (const wire of events) {
    const event = { event: wire.event, data: wire.data } as RunEvent;
    const { id = '' } = (wire.data ?? {}) as { id?: string };
    if (!isDelta(event)) {
      story.push({ place: '', text: `${wire.event} ${nameOf(id)}` });
      continue;
    }
    const place = placeOf(event).replace(id, nameOf(id));
    const last = story.at(-1);
    if (last?.place === place) last.text += textOf(event);
    else story.push({ place, text: textOf(event) });
  }
  return story.map(({ place, text }) =>
    place === '' ? text : `${place}: ${JSON.stringify(text.replaceAll(name, 'NAME'))}`,
  );
}
