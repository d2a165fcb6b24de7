import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Readiness } from './readiness';

export class Health {
  @ApiProperty({ description: '`ok` or `failing`.', example: 'ok' })
  status: string;
  @ApiProperty({ description: 'Each part that fails, with why.', example: {} })
  failing: Record<string, string>;
}

@ApiTags('Operations')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @ApiOperation({ summary: 'The process runs' })
  @ApiOkResponse({ description: 'It does.', type: Health })
  live(): Health {
    return { status: 'ok', failing: {} };
  }

  @Get('ready')
  @ApiOperation({ summary: 'The process can take work' })
  @ApiOkResponse({ description: 'It can.', type: Health })
  @ApiResponse({ status: 503, description: 'Names each failing part.', type: Health })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    const failing = await this.readiness.failing();
    const ok = Object.keys(failing).length === 0;
    void reply.status(ok ? 200 : 503);
    return { status: ok ? 'ok' : 'failing', failing };
  }
}
