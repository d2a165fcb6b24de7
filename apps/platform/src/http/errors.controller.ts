import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { errorCatalogue } from '@tradewind/shared-kernel';
import { PAGE_POLICY, page } from './page';

/** Where the `type` of every problem document leads. */
@ApiExcludeController()
@Controller('errors')
export class ErrorsController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', PAGE_POLICY)
  list(): string {
    const rows = [...errorCatalogue()]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([code, { status, title, when = '', retryable }]) =>
          `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td><td>${when}</td><td>${retryable ? 'yes' : 'no'}</td></tr>`,
      );
    return page(
      'Error codes',
      `<table><tr><th>code<th>status<th>meaning<th>when<th>retry can help</tr>${rows.join('')}</table>`,
    );
  }
}
