import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { found } from '../../playground/api/credential.ts';
import {
  emptyForm,
  flawsOf,
  formOf,
  functionFlaw,
  parametersOf,
} from '../../playground/state/assistant-form.ts';
import { pictureType } from '../../playground/state/picture-type.ts';
import { readRoute } from '../../playground/state/routes.ts';
import { snippetsOf } from '../../playground/state/snippets.ts';
import { annotationsOf } from '../../playground/views/annotations.ts';
import { bytes, duration } from '../../playground/views/format.ts';
import { highlight } from '../../playground/views/highlight.ts';
import { safeLink } from '../../playground/views/safe-link.ts';

describe('a link of a model’s', () => {
  it('leads to other sites, or nowhere', () => {
    const led = (address: string) => safeLink(address)?.leadsTo;
    assert.equal(led('https://example.com/a?b'), 'example.com');
    assert.equal(led('mailto:somebody@example.com'), 'somebody@example.com');
    for (const address of [
      'javascript:alert(1)',
      ' JAVASCRIPT:alert(1)',
      'java\nscript:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      'blob:https://example.com/1',
      'file:///etc/passwd',
      '/v1/files',
      '//example.com',
      '#key=x',
      'sandbox:/mnt/data/a.csv',
      'https://bank.example@evil.example/',
      '',
    ]) {
      assert.equal(led(address), undefined, address);
    }
  });
});

describe('an address with a key', () => {
  const storage = (kept: string | null) => ({ getItem: () => kept, setItem() {}, removeItem() {} });
  it('counts on this machine only, and before a key that was kept', () => {
    const from = (hostname: string, hash: string, kept: string | null = null) =>
      found({ hostname, hash }, storage(kept));
    assert.deepEqual(from('127.0.0.1', '#key=a%2Bb', 'old'), {
      credential: { kind: 'key', key: 'a+b' },
      inAddress: true,
    });
    assert.equal(from('localhost', '#key=a').credential?.key, 'a');
    assert.deepEqual(from('api.example.com', '#key=a', 'old'), { credential: undefined, inAddress: true });
    assert.deepEqual(from('127.0.0.1.example.com', '#key=a'), { credential: undefined, inAddress: true });
    assert.equal(from('api.example.com', '#/files', 'old').credential?.key, 'old');
    assert.equal(from('127.0.0.1', '#key=%E0%A4%A').credential?.key, '%E0%A4%A');
  });
});

describe('colours of code', () => {
  it('add up to the code, finished or not', () => {
    const codes = [
      'import numpy as np\nx = np.sin(0.5e-3)  # a "comment"\n',
      'print(f"{x!r}", \'it\\\'s\')\n"""open',
      "'''a\nb''' + b'\\x00' if True else None",
      '"'.repeat(9),
      '',
    ];
    for (const code of codes) {
      for (let end = 0; end <= code.length; end += 1) {
        const part = code.slice(0, end);
        assert.equal(
          highlight(part, 'Python')
            .map(({ text }) => text)
            .join(''),
          part,
        );
      }
    }
    assert.deepEqual(
      highlight('def f(): return 1', 'python')
        .filter(({ kind }) => kind !== '')
        .map(({ kind, text }) => `${kind} ${text}`),
      ['keyword def', 'name f', 'keyword return', 'number 1'],
    );
    assert.equal(
      highlight('{"a": [true, -1.5]}', 'json')
        .map(({ text }) => text)
        .join(''),
      '{"a": [true, -1.5]}',
    );
  });

  it('take no time that anybody would notice for what is no code', () => {
    const started = performance.now();
    for (const text of [
      '"'.repeat(50_000),
      `${'\\'.repeat(50_000)}`,
      `"${'\\"'.repeat(25_000)}`,
      '('.repeat(50_000),
    ]) {
      highlight(text, 'python');
      highlight(text, 'json');
    }
    assert.ok(performance.now() - started < 5_000);
  });
});

describe('marks and links in a text', () => {
  const path = (text: string) => ({ type: 'file_path', text, file_path: { file_id: text } }) as never;
  it('are found by their own text, the longest first', () => {
    const { cut, ofLink } = annotationsOf([
      path('sandbox:/mnt/data/a.csv'),
      path('sandbox:/mnt/data/a.csv.gz'),
      path('【4:0†a (1).md】'),
    ]);
    assert.deepEqual(
      cut('x sandbox:/mnt/data/a.csv.gz y【4:0†a (1).md】').map((part) =>
        typeof part === 'string' ? part : part.text,
      ),
      ['x ', 'sandbox:/mnt/data/a.csv.gz', ' y', '【4:0†a (1).md】'],
    );
    assert.ok(ofLink('sandbox:/mnt/data/a.csv'));
    assert.equal(ofLink('sandbox:/mnt/data/b.csv'), undefined);
    assert.ok(annotationsOf([path('sandbox:/mnt/data/ä b.csv')]).ofLink('sandbox:/mnt/data/%C3%A4%20b.csv'));
  });
});

describe('an assistant in its editor', () => {
  it('comes out as it went in', () => {
    const assistant = {
      name: 'A',
      description: null,
      model: 'm',
      instructions: 'Do.',
      tools: [
        { type: 'code_interpreter' },
        {
          type: 'file_search',
          file_search: { max_num_results: 5, ranking_options: { score_threshold: 0.2 } },
        },
        { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } },
      ],
      tool_resources: {
        code_interpreter: { file_ids: ['file-1'] },
        file_search: { vector_store_ids: ['vs_1'] },
      },
      metadata: { a: 'b' },
      temperature: 0,
      top_p: 1,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
    };
    const { name, model, instructions, ...sent } = parametersOf(formOf(assistant as never));
    assert.deepEqual({ name, model, instructions }, { name: 'A', model: 'm', instructions: 'Do.' });
    const { description, tools, tool_resources, metadata, temperature, top_p, response_format } = assistant;
    assert.deepEqual(sent, {
      description,
      tools,
      tool_resources,
      metadata,
      temperature,
      top_p,
      response_format,
    });
  });

  it('says what is wrong before it is sent', () => {
    const form = {
      ...emptyForm(''),
      functions: ['{', '{"name":"f"}'],
      responseFormat: 'json_schema' as const,
      jsonSchema: '[]',
    };
    assert.deepEqual([...flawsOf(form).keys()], ['model', 'function 0', 'jsonSchema']);
    const flaws = [
      ['{"name":"a b"}', /"name" is needed/],
      ['[]', /has to be an object/],
      ['{"name":"f","parameters":[]}', /JSON Schema/],
      ['{"name":"f","parameters":{}}', /"type": "object"/],
      ['{"name":"f","parameters":{"type":"object","properties":{"a":{}},"required":["b"]}}', /names "b"/],
    ] as const;
    for (const [text, expected] of flaws) assert.match(functionFlaw(text) ?? '', expected);
    assert.equal(functionFlaw('{"name":"f","description":"x","parameters":{"type":"object"}}'), undefined);
  });
});

describe('a run elsewhere', () => {
  it('is asked for with quotes that hold, and never with the key', () => {
    const question = `It's "quoted" $(rm -rf /) \\ \u2028 end`;
    const [curl, node, python] = snippetsOf({ assistant_id: 'asst_1' } as never, question, 'http://h/v1');
    const sent = /-d '([\s\S]*)'\n$/.exec(curl?.text ?? '')?.[1]?.replaceAll(`'\\''`, `'`);
    assert.equal(JSON.parse(sent ?? '').thread.messages[0].content, question);
    for (const { text } of [curl, node, python].filter((one) => one !== undefined))
      assert.match(text, /HOURGLASS_KEY/);
  });
});

describe('small things', () => {
  it('pictures are known by their bytes', () => {
    assert.equal(pictureType(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0])), 'image/png');
    assert.equal(
      pictureType(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')),
      undefined,
    );
    assert.equal(pictureType(new TextEncoder().encode('<!doctype html>')), undefined);
    assert.equal(pictureType(new Uint8Array()), undefined);
  });

  it('addresses, times and sizes are read', () => {
    assert.deepEqual(readRoute('#/threads/thread_1'), { name: 'thread', id: 'thread_1' });
    assert.deepEqual(readRoute('#/threads/%3Cscript%3E'), { name: 'thread', id: '<script>' });
    for (const hash of ['', '#', '#/', '#/nowhere', '#/threads', '#/%E0%A4%A'])
      assert.deepEqual(readRoute(hash), { name: 'home' });
    assert.deepEqual([0, 950, 9_949, 12_000, 125_000].map(duration), [
      '0.0 s',
      '0.9 s',
      '9.9 s',
      '12 s',
      '2 min 5 s',
    ]);
    assert.deepEqual([0, 999, 1_500, 41_000, 12_345_678].map(bytes), [
      '0 B',
      '999 B',
      '1.5 kB',
      '41 kB',
      '12 MB',
    ]);
  });
});
