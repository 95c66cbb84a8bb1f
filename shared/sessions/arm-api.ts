/**
 * The api-version of every request for container groups: the newest stable one, which knows config maps, standby
 * pools and `identityAcls` (all since 2025-09-01; the SDK 9.1.0 itself speaks 2023-05-01 and drops them, see
 * `standby-claim.ts`). The same one as that of the profile in infra/modules/standby-pool.bicep, whose types the Bicep
 * compiler has (test/infra/compiler.test.ts holds the two together and asks it for these properties).
 * https://learn.microsoft.com/azure/templates/microsoft.containerinstance/2026-07-01/containergroups
 */
export const CONTAINER_GROUPS_API_VERSION = '2026-07-01';
