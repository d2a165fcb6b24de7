import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { EntitySchema, MigrationInterface } from 'typeorm';
import { dataSourceOptions } from './data-source';
import { UnitOfWork } from './unit-of-work';

/** What a context adds to the database: its rows and the migrations of its own schema. */
export interface Persistence {
  entities: EntitySchema[];
  migrations: (new () => MigrationInterface)[];
}

export interface DatabaseSettings {
  url: string;
  /** Connections of this process. */
  poolSize: number;
}

@Global()
@Module({})
export class DatabaseModule {
  static register(settings: DatabaseSettings, parts: Persistence[]): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRoot({ ...dataSourceOptions(settings, parts), retryAttempts: 0, autoLoadEntities: false }),
      ],
      providers: [UnitOfWork],
      exports: [UnitOfWork],
    };
  }
}
