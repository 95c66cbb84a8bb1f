import { serveUnknownUrls } from '../shared/http/serve.ts';
import { services } from '../shared/services.ts';

/**
 * Whatever no other route takes. Azure tries routes in alphabetical order of the
 * functions' names, so this one's has to come last.
 */
serveUnknownUrls('z-unknown-url', services);
