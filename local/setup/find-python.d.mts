/**
 * The Python that runs the session agent (SESSION_PYTHON, `.venv`, Debian's own, or the first on PATH that has
 * its modules), or undefined. Milliseconds when it was found before.
 * @throws when SESSION_PYTHON names one that will not do.
 */
export function findPython(environment?: Record<string, string | undefined>): string | undefined;
