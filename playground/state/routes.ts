/** What the middle of the page shows. It stands in the address, so that it can be shared. */
export type Route =
  | { readonly name: 'home' }
  | { readonly name: 'thread'; readonly id: string }
  | { readonly name: 'files' }
  | { readonly name: 'vector-stores'; readonly id?: string }
  | { readonly name: 'reference' };

/** Anything unknown is the home page. Pure. */
export function readRoute(hash: string): Route {
  const [place = '', id] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  if (place === 'threads' && id) return { name: 'thread', id };
  if (place === 'files') return { name: 'files' };
  if (place === 'vector-stores') return { name: 'vector-stores', ...(id ? { id } : {}) };
  if (place === 'reference') return { name: 'reference' };
  return { name: 'home' };
}

export function addressOf(to: Route): string {
  if (to.name === 'home') return '#/';
  const id = 'id' in to && to.id ? `/${encodeURIComponent(to.id)}` : '';
  return `#/${to.name === 'thread' ? 'threads' : to.name}${id}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
