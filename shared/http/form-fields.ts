/** Fields whose values are whole numbers; a form knows only text. */
const NUMBERS = /\[seconds\]$/;

/**
 * Form fields as an object: `expires_after[anchor]` becomes `{ expires_after: { anchor } }`, the way the
 * official clients send nested objects. Of repeated names the last counts.
 */
export function formFields(fields: readonly (readonly [name: string, value: string])[]): object {
  const object: Record<string, unknown> = {};
  for (const [name, value] of fields) {
    const typed = NUMBERS.test(name) && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    const [, outer = '', inner = ''] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(name) ?? [];
    if (outer === '') {
      define(object, name, typed);
      continue;
    }
    const nested = Object.hasOwn(object, outer) ? object[outer] : undefined;
    const target = typeof nested === 'object' && nested !== null ? nested : {};
    define(target, inner, typed);
    define(object, outer, target);
  }
  return object;
}

/** Also a name like `__proto__` becomes a plain property. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
