import type { StatusMapping } from '../domain/status-mapping';

/** The mapping of each carrier as this release brings it. */
export abstract class StatusMappings {
  abstract of(carrier: string): StatusMapping;
}
