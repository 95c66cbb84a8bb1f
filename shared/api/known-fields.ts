/**
 * Callers see the fields of an object that this version knows. What else a stored document holds, because a later
 * version wrote it and was taken back, or a hand at the table, is not theirs to see; it is kept when the object is changed.
 * @param fields all fields of the type: one that is missing does not compile
 */
export const onlyFields =
  <T extends object>(fields: Readonly<Record<keyof T, true>>) =>
  (object: T): T =>
    Object.fromEntries(Object.entries(object).filter(([name]) => Object.hasOwn(fields, name))) as T;
