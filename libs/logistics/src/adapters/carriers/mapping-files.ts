import type { MappingRow } from '../../domain/status-mapping';
import sf from './mappings/sf.json';
import zto from './mappings/zto.json';

/** The mapping files by carrier; the database refuses a status or effect that it does not know. */
export const MAPPING_FILES: Readonly<Record<string, readonly MappingRow[]>> = {
  SF: sf as readonly MappingRow[],
  ZTO: zto as readonly MappingRow[],
};
