import { z } from 'zod';

/**
 * Where sessions live: a subscription, a resource group and a subnet in one region, with limits of their own. What a
 * place does not say is as the settings `SESSION_…` have it. `home` is the place that those settings themselves
 * describe; it is always known, so that sessions which were made before other places came are found.
 */
export const HOME = 'home';

const text = z.string().min(1).optional();

const place = z.strictObject({
  /** Part of the names of its groups, and what metrics and logs call it. */
  name: z.string().regex(/^[a-z][a-z0-9]{0,14}$/, 'name: 1 to 15 small letters and digits, a letter first'),
  /** Share of new sessions, in proportion to the others. 0: none; those that live there live on. */
  weight: z.number().min(0).max(1_000).default(1),
  subscriptionId: text,
  resourceGroup: text,
  location: text,
  subnetId: text,
  image: text,
  registryServer: text,
  registryIdentityId: text,
  standbyPool: text,
  containerGroupProfile: text,
});
export type PlaceSettings = Readonly<z.output<typeof place>>;

const places = z.array(place).superRefine((all, context) => {
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) context.addIssue({ code: 'custom', message: `the place "${twice}" is there twice` });
  if (all.length > 0 && all.every(({ weight }) => weight === 0))
    context.addIssue({
      code: 'custom',
      message: 'every place has the weight 0, so no session could be started',
    });
  for (const { name, resourceGroup, location } of all) {
    if (name !== HOME && !(resourceGroup && location))
      context.addIssue({
        code: 'custom',
        message: `the place "${name}" has no resourceGroup or no location`,
      });
  }
});

const EXAMPLE =
  '[{"name":"home"},{"name":"west","weight":2,"resourceGroup":"rg-sessions-west","location":"westus3","subnetId":"/subscriptions/…/subnets/sessions"}]';

/** The setting SESSION_PLACES: JSON, empty by default. Answers all places, `home` among them. */
export const sessionPlaces = z
  .string()
  .default('')
  .transform((value, context): readonly PlaceSettings[] => {
    const parsed = places.safeParse(value.trim() === '' ? [] : parse(value));
    if (!parsed.success) {
      const problem = parsed.error.issues.map(({ path, message }) => [...path, message].join(' ')).join('; ');
      context.addIssue({ code: 'custom', message: `${problem}; for example ${EXAMPLE}` });
      return z.NEVER;
    }
    const listed = parsed.data;
    if (listed.some(({ name }) => name === HOME)) return listed;
    return [{ name: HOME, weight: listed.length === 0 ? 1 : 0 }, ...listed];
  });

function parse(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
