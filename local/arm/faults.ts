/** Failures on demand: each is used up by the next `times` creations. */
export type Fault =
  | { readonly kind: 'quota' }
  | { readonly kind: 'capacity' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds?: number }
  /** The request is accepted, and the group ends in provisioning state Failed. */
  | { readonly kind: 'provisioning-failed' }
  /** The request is accepted, and the group takes this long. */
  | { readonly kind: 'slow'; readonly delayMs: number };

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Record<string, string>;
}

export class Faults {
  readonly #next: Fault[] = [];

  add(fault: Fault, times = 1): void {
    for (let i = 0; i < times; i++) this.#next.push(fault);
  }

  take(): Fault | undefined {
    return this.#next.shift();
  }

  clear(): void {
    this.#next.length = 0;
  }
}

/**
 * Azure's words for them. Quota: code ContainerGroupQuotaReached, text as in
 * https://github.com/MicrosoftDocs/azure-docs/issues/51738; capacity: 409 ServiceUnavailable, text as in
 * https://learn.microsoft.com/troubleshoot/azure/azure-container-instances ("ServiceUnavailable (409)").
 */
export function refusalOf(fault: Fault, location: string): Refusal | undefined {
  switch (fault.kind) {
    case 'quota':
      return {
        status: 409,
        code: 'ContainerGroupQuotaReached',
        message: `Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota 'ContainerGroups' exceeded in region '${location}'. Limit: '100', Usage: '100' Requested: '1'.`,
      };
    case 'capacity':
      return {
        status: 409,
        code: 'ServiceUnavailable',
        message: `The requested resource is not available in the location '${location}' at this moment. Please retry with a different resource request or in another location. Resource requested: '1' CPU '2' GB memory 'Linux' OS`,
      };
    case 'throttled':
      return {
        status: 429,
        code: 'TooManyRequests',
        message: 'Too many requests: the limit of container group creations was reached.',
        headers: { 'retry-after': String(fault.retryAfterSeconds ?? 1) },
      };
    case 'provisioning-failed':
    case 'slow':
      return undefined;
    default:
      return fault satisfies never;
  }
}
