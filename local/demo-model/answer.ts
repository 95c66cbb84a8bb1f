import { aboutAnalysis, analystCode } from './analyst.ts';
import {
  callsSinceUser,
  codeOf,
  filesNamed,
  lastCode,
  parsedObject,
  type Request,
  toolNames,
  userText,
} from './conversation.ts';
import { charting, solving } from './documentation.ts';
import { cited, searchFor } from './file-search.ts';
import { describing, draws, fencedBlocks, filesWritten, inDarkMode, SINE_WAVE } from './python.ts';

export interface Answer {
  readonly text?: string;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: string }[];
}

const WHO_I_AM = `I am the demo model built into Hourglass: a small script, not a language model. I can

- draw a sine wave ("Create a visualization of a sinewave"), show the code I used, and redraw in dark mode
- run Python that you put between \`\`\`python and \`\`\`
- describe an uploaded CSV file ("Describe the data")
- search the files of an assistant that has file_search, and cite the sentence that fits best
- call a function that the assistant has ("call get_weather with {"city": "Oslo"}")

For real answers, start Hourglass with a model of yours: OPENAI_BASE_URL and OPENAI_API_KEY for OpenAI or any server that speaks Chat Completions (for example OPENAI_BASE_URL=http://127.0.0.1:11434/v1 for Ollama), or AZURE_OPENAI_ENDPOINT for Azure OpenAI.`;
const NO_INTERPRETER =
  'I am the demo model, and for this I would run Python, but this assistant has no code_interpreter tool.';
const SHOWN_CHARACTERS = 4000;

/**
 * What the demo model answers: it follows from the request alone, so that it keeps nothing between requests. Pure.
 */
export function answerTo(request: Request): Answer {
  const answer = callsSinceUser(request).length > 0 ? afterCalls(request) : toUser(request);
  if (answer.toolCalls && request.tool_choice === 'none') return { text: WHO_I_AM };
  const forced = answer.toolCalls || callsSinceUser(request).length > 0 ? undefined : forcedCall(request);
  if (forced) return forced;
  const json = request.response_format?.type ?? 'text';
  return answer.text === undefined || json === 'text'
    ? answer
    : { text: JSON.stringify({ model: 'demo', answer: answer.text }) };
}

function toUser(request: Request): Answer {
  const text = userText(request);
  const offered = toolNames(request);
  const asked = functionCalls(text);
  if (asked.length > 0) {
    const unknown = asked.find(({ name }) => !offered.includes(name));
    if (!unknown) return { toolCalls: asked };
    return {
      text: `I am the demo model. ${unknown.name} is not among this assistant's tools: ${list(offered)}.`,
    };
  }
  const used = lastCode(request);
  if (/\bshow\b.*\bcode\b|\bcode you (used|ran|wrote)\b|\bwhat code\b/i.test(text)) {
    if (used === undefined)
      return { text: 'I am the demo model. I have not run any code in this thread yet.' };
    return { text: `This is the code I used:\n\n\`\`\`python\n${used.trimEnd()}\n\`\`\`` };
  }
  const code = codeFor(request, text, used);
  if (code === undefined) return searchFor(request, text) ?? { text: WHO_I_AM };
  return offered.includes('python') ? python(code) : { text: NO_INTERPRETER };
}

/** The code that a message asks for, if it asks for any that the demo model can give. */
function codeFor(request: Request, text: string, used: string | undefined): string | undefined {
  const [block] = fencedBlocks(text);
  if (block !== undefined) return block;
  const analysis = analystCode(text);
  if (analysis !== undefined) return analysis;
  // The documentation writes it as one word.
  const dark = /\bdark/i.test(text);
  if (/\bsine[\s-]?(wave|curve|function)|\bsine\b|\bsinus\b/i.test(text)) {
    return dark ? inDarkMode(SINE_WAVE) : SINE_WAVE;
  }
  if (dark && used !== undefined && draws(used)) return inDarkMode(used);
  const equation = solving(text);
  if (equation !== undefined) return equation;
  const [table] = filesNamed(request, /\.csv$/i);
  if (table !== undefined && /visuali[sz]|chart|plot|graph|draw/i.test(text)) return charting(table);
  if (table !== undefined && /describe|summar|analy|explain|show|what|look|data/i.test(text))
    return describing(table);
  return undefined;
}

/** The next block of the message, or what to say about the outcomes. */
function afterCalls(request: Request): Answer {
  const calls = callsSinceUser(request);
  const blocks = fencedBlocks(userText(request));
  const ran = calls.filter(({ name }) => name === 'python');
  const next = ran.length > 0 ? blocks[ran.length] : undefined;
  const last = calls.at(-1);
  const failed = /Traceback|^\w*Error\b/m.test(last?.result ?? '');
  if (next !== undefined && !failed) return python(next);
  if (last?.name === 'file_search') return { text: cited(last.result ?? '', userText(request)) };
  if (last?.name !== 'python') {
    return { text: calls.map(({ name, result }) => `${name} answered: ${shown(result)}`).join('\n\n') };
  }
  const code = codeOf(last.arguments) ?? '';
  if (failed) return { text: `The code failed:\n\n\`\`\`\n${shown(last.result)}\n\`\`\`` };
  const known = ABOUT_DRAWINGS.get(code) ?? aboutAnalysis(code);
  if (known !== undefined) return { text: known };
  const files = ran.flatMap((call) => filesWritten(codeOf(call.arguments) ?? ''));
  const links = [...new Set(files)].map((name) => `[${name}](sandbox:/mnt/data/${name})`);
  return {
    text: [
      last.result?.trim()
        ? `The code ran. Its output:\n\n\`\`\`\n${shown(last.result)}\n\`\`\``
        : 'The code ran.',
      ...(links.length > 0 ? [`It wrote ${links.join(', ')}.`] : []),
    ].join('\n\n'),
  };
}

const ABOUT_DRAWINGS = new Map([
  [
    SINE_WAVE,
    'Here is the sine wave: two periods, from 0 to 4π. (I am the demo model: this answer is a script, the Python that drew it is real.)',
  ],
  [inDarkMode(SINE_WAVE), 'Here is the sine wave in dark mode.'],
]);

/** `call NAME with {…}`, as often as it stands there. */
function functionCalls(text: string): { name: string; arguments: string }[] {
  const calls: { name: string; arguments: string }[] = [];
  for (const match of text.matchAll(/\bcall\s+`?([A-Za-z0-9_-]{1,64})`?\s+with\s+(?=\{)/gi)) {
    const start = match.index + match[0].length;
    for (let end = text.indexOf('}', start); end >= 0; end = text.indexOf('}', end + 1)) {
      const given = text.slice(start, end + 1);
      if (!parsedObject(given)) continue;
      calls.push({ name: match[1] ?? '', arguments: given });
      break;
    }
  }
  return calls;
}

/** A caller who forces a tool gets a call, if only an empty one. */
function forcedCall(request: Request): Answer | undefined {
  const choice = request.tool_choice;
  if (typeof choice === 'object' && choice.type === 'function') return emptyCall(choice.function.name);
  const [first] = toolNames(request);
  return choice === 'required' && first !== undefined ? emptyCall(first) : undefined;
}

const emptyCall = (name: string): Answer =>
  name === 'file_search'
    ? { toolCalls: [{ name, arguments: JSON.stringify({ queries: ['Hourglass'] }) }] }
    : name === 'python'
      ? python("print('Hello from the demo model')\n")
      : { toolCalls: [{ name, arguments: '{}' }] };

const python = (code: string): Answer => ({
  toolCalls: [{ name: 'python', arguments: JSON.stringify({ code }) }],
});

const shown = (text: string | undefined): string => {
  const trimmed = (text ?? 'nothing').trim();
  return trimmed.length > SHOWN_CHARACTERS ? `${trimmed.slice(0, SHOWN_CHARACTERS)}…` : trimmed;
};

const list = (names: readonly string[]): string => (names.length > 0 ? names.join(', ') : 'it has none');
