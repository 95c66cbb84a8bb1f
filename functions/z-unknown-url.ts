import { serve } from '../shared/http/serve.ts';
import { services } from '../shared/services.ts';

/**
 * Whatever no other route takes: 404 in the API's words. Azure tries routes in alphabetical order of the
 * functions' names, so this one's has to come last.
 */
serve('z-unknown-url', '{*path}', {}, services);
