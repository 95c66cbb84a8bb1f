import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { cutDelta, placeOf, textOf } from '../../shared/events/delta.ts';
import { DeltaGate } from '../../shared/events/delta-gate.ts';
import { BEGINNING, eventId, parseEventId, stateOf, unitsOf } from '../../shared/events/event-id.ts';
import {
  annotationsDelta,
  callDelta,
  contentDelta,
  inputDelta,
  outputDelta,
  refusalDelta,
  textDelta,
} from '../../shared/run/delta-events.ts';
import type { DeltaEvent } from '../../shared/run/run-event.ts';

const annotation = (text: string) => ({
  type: 'file_path' as const,
  text,
  start_index: 0,
  end_index: 1,
  file_path: { file_id: 'file-1' },
});
const fn = {
  id: 'call_1',
  type: 'function' as const,
  function: { name: 'f', arguments: '{"a"', output: null },
};
const code = {
  id: 'call_1',
  type: 'code_interpreter' as const,
  code_interpreter: { input: 'print', outputs: [] },
};

const deltas: [string, DeltaEvent][] = [
  ['text', textDelta('msg_1', 0, 'Hello', false)],
  ['first text', textDelta('msg_1', 0, 'Hello', true)],
  ['refusal', refusalDelta('msg_1', 0, 'I will not')],
  ['figure', contentDelta('msg_1', 0, { type: 'image_file', image_file: { file_id: 'file-1' } })],
  ['annotations', annotationsDelta('msg_1', 0, [annotation('a'), annotation('b')])],
  ['function call', callDelta('step_1', 0, fn)],
  ['code call', callDelta('step_1', 1, code)],
  ['arguments', inputDelta('step_1', 0, 'function', '"b": 1')],
  ['code', inputDelta('step_1', 1, 'code_interpreter', '(1)')],
  ['log', outputDelta('step_1', 1, { index: 0, type: 'logs', logs: 'one\ntwo' })],
  ['image', outputDelta('step_1', 1, { index: 1, type: 'image', image: { file_id: 'file-1' } })],
];

describe('deltas that are cut', () => {
  for (const [name, delta] of deltas) {
    it(`${name}: what is left of it adds what is left of its text, to the same place`, () => {
      const text = textOf(delta);
      assert.ok(text.length > 0);
      assert.equal(cutDelta(delta, 0), delta);
      assert.equal(cutDelta(delta, text.length), undefined);
      for (let units = 1; units < text.length; units++) {
        const rest = cutDelta(delta, units);
        assert.ok(rest);
        assert.equal(textOf(rest), text.slice(units));
        assert.equal(placeOf(rest), placeOf(delta));
      }
    });
  }

  it('annotations keep their index', () => {
    const rest = cutDelta(annotationsDelta('msg_1', 0, [annotation('a'), annotation('b')]), 1);
    assert.deepEqual(rest?.data.delta, {
      content: [
        { index: 0, type: 'text', text: { value: '', annotations: [{ ...annotation('b'), index: 1 }] } },
      ],
    });
  });

  it('places of one object differ', () => {
    const places = deltas.map(([, delta]) => placeOf(delta));
    assert.equal(new Set(places).size, 6);
  });
});

describe('a gate', () => {
  const pass = (gate: DeltaGate, ...pieces: string[]) => pieces.map((piece) => gate.pass(piece)).join('|');

  it('lets each piece through once, however it is cut the next time', () => {
    const gate = new DeltaGate();
    assert.equal(pass(gate, 'Hel', 'lo'), 'Hel|lo');
    gate.restart();
    assert.equal(pass(gate, 'H', 'ello th', 'ere'), '| th|ere');
    gate.restart();
    assert.equal(pass(gate, 'Hello there!'), '!');
  });

  it('says nothing more when the text is another, and goes on when it comes back', () => {
    const gate = new DeltaGate();
    assert.equal(pass(gate, 'Hello'), 'Hello');
    gate.restart();
    assert.equal(pass(gate, 'Help', ' me'), '|');
    gate.restart();
    assert.equal(pass(gate, 'Hello', '!'), '|!');
  });
});

describe('ids of events', () => {
  it('grow with state and units, and can be read back', () => {
    const ids = [eventId(0, 0), eventId(0, 1), eventId(0, 700), eventId(1, 0), eventId(2, 5)];
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    );
    assert.deepEqual([stateOf(eventId(12, 340)), unitsOf(eventId(12, 340))], [12, 340]);
    assert.ok(BEGINNING < eventId(0, 0));
  });

  it('a header that is none of ours is none', () => {
    assert.equal(parseEventId('12000000340'), 12_000_000_340);
    for (const text of [null, '', 'abc', '-1', '1.5', '9'.repeat(16), '1e3']) {
      assert.equal(parseEventId(text), undefined, String(text));
    }
  });
});
