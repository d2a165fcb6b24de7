import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { httpRefusal } from '@tradewind/shared-kernel/http';
import { DevMailbox } from '../channels/dev-mailbox';
import { letterPage, listPage } from './dev-mailbox-pages';

const HTML = 'text/html; charset=utf-8';
// Mails style themselves inline; nothing on these pages may run, load or be framed.
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The dev mailbox for people. It is there only while no mail server is set. */
@ApiExcludeController()
@Controller('dev/mailbox')
export class DevMailboxController {
  constructor(private readonly mailbox: DevMailbox) {}

  @Get()
  @Header('content-type', HTML)
  @Header('content-security-policy', POLICY)
  @Header('referrer-policy', 'no-referrer')
  @Header('cache-control', 'no-store')
  async list(): Promise<string> {
    return listPage(await this.mailbox.list());
  }

  @Get(':id')
  @Header('content-type', HTML)
  @Header('content-security-policy', POLICY)
  @Header('referrer-policy', 'no-referrer')
  @Header('cache-control', 'no-store')
  async read(@Param('id') id: string): Promise<string> {
    const letter = await this.mailbox.read(id);
    if (!letter) throw httpRefusal('not-found', 'there is no such message');
    return letterPage(letter);
  }
}
