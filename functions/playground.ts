import { app, type HttpMethod, type HttpRequest, type HttpResponseInit } from '@azure/functions';

import { ApiError } from '../shared/api/error.ts';
import { readConfig } from '../shared/config.ts';
import { errorAnswer, toApiError } from '../shared/http/answer.ts';
import { staticFiles } from '../shared/http/static-files.ts';
import { newId } from '../shared/ids.ts';
import { consoleLog, errorFields } from '../shared/log.ts';

/**
 * The playground: a page for people, which calls the API with the caller's key as any other client does. The page
 * itself holds nothing and is given to everybody, unless PLAYGROUND is off.
 */
const files = staticFiles(new URL('../playground/built/', import.meta.url), {
  // Nothing inline, nothing from elsewhere, and no way to turn text into markup or code: model output is hostile.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
});

const PAGE = 'index.html';

let isOn: boolean | undefined;
const playgroundIsOn = (): boolean => {
  isOn ??= readConfig().PLAYGROUND === 'on';
  return isOn;
};

/** Never rejects: in stream mode the library would leave the browser waiting for minutes. */
const safely =
  (answer: (request: HttpRequest) => Promise<HttpResponseInit>) =>
  async (request: HttpRequest): Promise<HttpResponseInit> => {
    const requestId = newId('request', Date.now());
    try {
      return await answer(request);
    } catch (error) {
      const refusal = toApiError(error);
      if (refusal !== error) consoleLog.error('The playground failed', { requestId, ...errorFields(error) });
      return errorAnswer(refusal, { 'x-request-id': requestId });
    }
  };

async function file(name: string, request: HttpRequest): Promise<HttpResponseInit> {
  const answer = playgroundIsOn() && isReading(request) ? await files.answer(name, request) : undefined;
  if (answer) return answer;
  const { pathname } = new URL(request.url);
  throw new ApiError(404, `Invalid URL (${request.method} ${pathname})`, { code: 'unknown_url' });
}

const isReading = ({ method }: HttpRequest): boolean => method === 'GET' || method === 'HEAD';

/** `/docs`: what people guess. With the page, its reference of all operations; without it, the document itself. */
const reference = (request: HttpRequest): HttpResponseInit => ({
  status: 302,
  headers: {
    location: playgroundIsOn() ? '/playground#/reference' : '/openapi.json',
    'cache-control': 'no-cache',
  },
  ...(request.method === 'HEAD' ? {} : { body: 'See /openapi.json\n' }),
});

app.http('playground', {
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  route: 'playground/{file}',
  handler: safely((request) => file(request.params.file ?? '', request)),
});

const methods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * `/` and every other address of one segment that nothing else takes. Azure has no way to name the root alone, and
 * tries routes in alphabetical order of the functions' names: this one has to come after all others.
 */
app.http('zz-front-door', {
  methods,
  authLevel: 'anonymous',
  route: '{page?}',
  handler: safely(async (request) => {
    const page = request.params.page?.toLowerCase() ?? '';
    if (page === '' || page === 'playground') return file(PAGE, request);
    if (page === 'docs' && isReading(request)) return reference(request);
    return file(page === 'favicon.ico' ? page : '', request);
  }),
});
