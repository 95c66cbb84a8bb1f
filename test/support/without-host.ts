/**
 * Importing a trigger outside of a Functions host warns for every registration. Tests do so on purpose: import
 * this file first.
 */
const warn = console.warn;
console.warn = (...parts: unknown[]) => {
  if (!/"@azure\/functions" package/.test(String(parts[0]))) warn(...parts);
};
