/** `target` with some of its methods replaced; the others, private fields included, work as before. */
export function replaced<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(original, name) {
      if (name in methods) return Reflect.get(methods, name);
      const value: unknown = Reflect.get(original, name);
      return typeof value === 'function' ? value.bind(original) : value;
    },
  });
}
