import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ParkedEvents } from '@tradewind/shared-kernel/messaging';
import { Gauge, metrics } from '@tradewind/shared-kernel/observability';
import { DataSource } from 'typeorm';
import type { Pool } from 'pg';
import type { FastifyReply } from 'fastify';

const connections = new Gauge({
  name: 'database_connections',
  help: 'Connections of this process by state; `waiting` counts the requests for one.',
  labelNames: ['state'],
  registers: [metrics],
});

@ApiTags('Operations')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly parkedEvents: ParkedEvents,
    private readonly dataSource: DataSource,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Prometheus metrics' })
  @ApiOkResponse({ description: 'Prometheus text format.', schema: { type: 'string' } })
  async read(@Res() reply: FastifyReply): Promise<void> {
    const { master: pool } = this.dataSource.driver as unknown as { master: Pool };
    connections.set({ state: 'idle' }, pool.idleCount);
    connections.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
    connections.set({ state: 'waiting' }, pool.waitingCount);
    await this.parkedEvents.measure();
    void reply.type(metrics.contentType).send(await metrics.metrics());
  }
}
