import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PAGE_POLICY, page } from './page';

const LINKS = [
  ['/docs', 'API reference, to try'],
  ['/openapi.json', 'the same as OpenAPI'],
  ['/errors', 'every error code'],
  ['/v1/orders', 'newest orders'],
  ['/dev/mailbox', 'dev mailbox (without SMTP_URL)'],
  ['/v1/operations/parked-events', 'events that wait for a person'],
  ['/metrics', 'Prometheus metrics'],
  ['/health/ready', 'readiness'],
];

@ApiExcludeController()
@Controller()
export class HomeController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', PAGE_POLICY)
  home(): string {
    const rows = LINKS.map(([href, about]) => `<tr><td><a href="${href}">${href}</a></td><td>${about}</td></tr>`);
    return page('Tradewind', `<table>${rows.join('')}</table>`);
  }
}
