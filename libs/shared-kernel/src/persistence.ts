export { amountColumn, idColumn } from './persistence/columns';
export type { DatabaseSettings, Persistence } from './persistence/data-source';
export { DatabaseModule } from './persistence/database.module';
export { type Deadline, GroupCommit, type Member, type Outcome } from './persistence/group-commit';
export { GroupRead } from './persistence/group-read';
export { migrate } from './persistence/migrate';
export { isUnavailable, isUniqueViolation, sqlState } from './persistence/postgres-errors';
export { jsonSequence } from './persistence/statement';
export { UnitOfWork } from './persistence/unit-of-work';
