import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type DatabaseSettings, dataSourceOptions, type Persistence } from './data-source';
import { UnitOfWork } from './unit-of-work';

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
