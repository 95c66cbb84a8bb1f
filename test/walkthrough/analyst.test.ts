import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { strFromU8, unzipSync } from 'fflate';

import { startArmEmulator } from '../../local/arm/emulator.ts';
import { playAnalyst } from '../../local/demo/analyst.ts';
import { startDemoModel } from '../../local/demo-model/server.ts';
import { testApi } from '../support/api.ts';

const demo = await startDemoModel({ wordDelayMs: 0 });
after(() => demo.stop());
const arm = await startArmEmulator();
after(() => arm.stop());
const folder = await mkdtemp(join(tmpdir(), 'analyst-'));
after(() => rm(folder, { recursive: true }));

const FILES = [
  ...['bank-failures.png', 'Bank failures.xlsx', 'Bank failures.pptx', 'Bank failures.pdf'],
  ...['Leistungskurve.png', 'Übersicht je Bundesland.xlsx'],
  ...['Windkraft für den Vorstand.pptx', 'Windkraft Bericht.pdf'],
  ...['portfolio.png', 'Portfolio by sector (Q3).xlsx'],
  ...['Portfolio review (Q3).pptx', 'Portfolio & risk (Q3).pdf'],
];

test('the analyst’s demo: three tables, and of each a chart, a workbook with a chart, slides and a PDF', async () => {
  await using api = await testApi({ OPENAI_BASE_URL: demo.url, SESSION_ARM_ENDPOINT: arm.url });
  const done = new AbortController();
  const working = (async () => {
    while (!done.signal.aborted) {
      await api.engine.pump();
      await delay(20);
    }
  })();
  const lines: string[] = [];
  let written: string[] = [];
  try {
    const print = (line: string) => void lines.push(line);
    written = await playAnalyst({ client: api.client(), model: 'demo', folder, print });
  } finally {
    done.abort();
    await working;
  }
  const printed = lines.join('\n');
  assert.doesNotMatch(printed, /Traceback|Warning|Glyph/);
  assert.match(printed, /^ {2}= 237 banks failed from 2007 to 2014/m);
  const names = written.map((path) => basename(path));
  assert.deepEqual(
    FILES.filter((name) => !names.includes(name)),
    [],
    printed,
  );
  assert.equal(names.length, FILES.length + 3, 'and the three pictures as they were shown');
  for (const name of names) {
    const content = await readFile(join(folder, name));
    if (name.endsWith('.png')) {
      assert.equal(content.subarray(1, 4).toString(), 'PNG', name);
      assert.ok(content.readUInt32BE(16) > 1800, `${name} is sharp`);
    } else if (name.endsWith('.pdf')) {
      assert.match(content.toString('latin1'), /^%PDF-[\s\S]*\/MediaBox \[ 0 0 595\.\d+ 841\.\d+ \]/, name);
    } else {
      const parts = unzipSync(content);
      const chart = name.endsWith('.xlsx') ? 'xl/charts/chart1.xml' : 'ppt/slides/slide2.xml';
      assert.match(strFromU8(parts[chart] ?? new Uint8Array()), /<c:|chart|<p:pic>/, name);
    }
  }
});
