import { z } from 'zod';

/**
 * The part of a PUT's body that the emulator understands and answers with. Shapes as in
 * https://github.com/Azure/azure-rest-api-specs, specification/containerinstance, api-versions 2023-05-01 and
 * 2025-09-01 (standby pools, config maps); other properties are kept and shown again.
 */
const secret = z.object({
  name: z.string(),
  value: z.string().optional(),
  secureValue: z.string().optional(),
});
const resources = z.object({
  requests: z.object({ cpu: z.number().positive(), memoryInGB: z.number().positive() }),
});
const container = z.object({
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  properties: z.looseObject({
    image: z.string().optional(),
    resources: resources.optional(),
    environmentVariables: z.array(secret).default([]),
    configMap: z.object({ keyValuePairs: z.record(z.string(), z.string()) }).optional(),
  }),
});
export const groupRequest = z.object({
  location: z.string().min(1),
  tags: z.record(z.string(), z.string().max(256)).default({}),
  identity: z.unknown().optional(),
  properties: z.looseObject({
    containers: z.array(container).min(1).max(60),
    osType: z.enum(['Linux', 'Windows']).optional(),
    ipAddress: z.looseObject({ type: z.enum(['Public', 'Private']) }).optional(),
    standbyPoolProfile: z.looseObject({ id: z.string() }).optional(),
    containerGroupProfile: z.looseObject({ id: z.string() }).optional(),
  }),
});

export interface GroupBody {
  readonly request: z.output<typeof groupRequest>;
  readonly token: string;
  readonly deadline: string;
  readonly claimsFromPool: boolean;
}

/** @returns what is wrong with it, in Azure's words as far as they are known */
export function readGroupBody(value: unknown): GroupBody | { readonly problem: string } {
  const parsed = groupRequest.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { problem: `The request body is invalid: ${issue?.path.join('.')}: ${issue?.message}` };
  }
  const { properties } = parsed.data;
  const first = properties.containers[0]?.properties;
  const claimsFromPool = properties.standbyPoolProfile !== undefined;
  if (claimsFromPool && !properties.containerGroupProfile) {
    return { problem: 'The containerGroupProfile is required with a standbyPoolProfile.' };
  }
  if (!claimsFromPool && !first?.image) return { problem: "The 'image' of a container is required." };
  if (!claimsFromPool && !first?.resources)
    return { problem: "The 'resources' of a container are required." };
  const environment = new Map(
    first?.environmentVariables.map((one) => [one.name, one.secureValue ?? one.value]),
  );
  const files = first?.configMap?.keyValuePairs ?? {};
  return {
    request: parsed.data,
    token: environment.get('AGENT_TOKEN') ?? files.token ?? '',
    deadline: environment.get('AGENT_DEADLINE') ?? files.deadline ?? '',
    claimsFromPool,
  };
}
