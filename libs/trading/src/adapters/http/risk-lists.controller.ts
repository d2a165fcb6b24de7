import { isIP } from 'node:net';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Clock, type Id, idOf, Ids, isId } from '@tradewind/shared-kernel';
import { decodeCursor, httpRefusal, IsTime, NextCursor, pageOf, PageQuery } from '@tradewind/shared-kernel/http';
import { isEmail, IsIn, IsNotEmpty, IsOptional, IsString, isUUID, MaxLength } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { refusal } from '../../domain/refusals';
import { kindOf, type ListKind, type Subject, SUBJECT_KINDS, type SubjectKind } from '../../domain/risk/risk-policy';
import { type ListEntry, RiskLists } from '../../domain/risk/risk-rows';
import { ActivePolicies } from '../../features/risk/active-policies';
import { subjectOf } from '../../features/risk/subjects';
import { ProblemShape } from './shapes';

const LISTS = ['block', 'allow'] as const;
const VALUE = {
  description:
    'Who or what: `buy_…` or a UUID, an IP address (of IPv6 the network of 64 bits counts), an e-mail address, a SKU, or an ' +
    'address on one line: country, province, city, district, street, postcode. Spelling, spaces and case do not matter.',
  example: '203.0.113.7',
};

export class RiskListEntryInput {
  @ApiProperty({ description: 'Which list.', enum: LISTS, example: 'block' })
  @IsIn(LISTS)
  kind: ListKind;

  @ApiProperty({ description: 'What the value is.', enum: SUBJECT_KINDS, example: 'ip' })
  @IsIn(SUBJECT_KINDS)
  subject: SubjectKind;

  @ApiProperty(VALUE)
  @IsString()
  @IsNotEmpty()
  @MaxLength(600)
  value: string;

  @ApiPropertyOptional({ description: 'Why, without personal data.', example: 'stolen cards' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason?: string;

  @ApiPropertyOptional({
    description: 'Until when it counts, RFC 3339; for ever when absent.',
    example: '2036-01-01T00:00:00Z',
  })
  @IsOptional()
  @IsTime()
  expiresAt?: string;
}

export class RiskListQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only entries of this list.', enum: LISTS, example: 'block' })
  @IsOptional()
  @IsIn(LISTS)
  kind?: ListKind;

  @ApiPropertyOptional({
    description: 'What `value` is; the two are given together.',
    enum: SUBJECT_KINDS,
    example: 'ip',
  })
  @IsOptional()
  @IsIn(SUBJECT_KINDS)
  subject?: SubjectKind;

  @ApiPropertyOptional({ ...VALUE, description: 'Only entries for this value.' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(600)
  value?: string;
}

export class RiskListEntryShape {
  @ApiProperty({ description: 'Identifier of the entry.', example: 'rle_01kc1xv8q1fwer8xv1wbq0z4a5' })
  id: string;
  @ApiProperty({ description: 'Which list.', enum: LISTS })
  kind: string;
  @ApiProperty({ description: 'What it stands for.', enum: SUBJECT_KINDS })
  subject: string;
  @ApiProperty({ description: 'A buyer or SKU as it is, anything else as a keyed hash.', example: 'buy_01kc…' })
  value: string;
  @ApiProperty({ description: 'Why.', type: String, nullable: true, example: 'stolen cards' })
  reason: string | null;
  @ApiProperty({
    description: 'Until when it counts.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  expiresAt: string | null;
  @ApiProperty({ description: 'When it was made.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  createdAt: string;
}

export class RiskListPage extends NextCursor {
  @ApiProperty({ description: 'Newest first, without expired ones.', type: [RiskListEntryShape] })
  data: RiskListEntryShape[];
}

/** The lists count as soon as a policy of kind `lists` is enabled. */
@ApiTags('Trading: risk')
@Controller('v1/risk/lists')
export class RiskListsController {
  constructor(
    private readonly lists: RiskLists,
    private readonly active: ActivePolicies,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Put a subject on the block or the allow list' })
  @ApiResponse({ status: 201, description: 'The new entry.', type: RiskListEntryShape })
  @ApiOkResponse({ description: 'The entry was there; reason and expiry are replaced.', type: RiskListEntryShape })
  async put(
    @Body() { kind, subject, value, reason, expiresAt }: RiskListEntryInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RiskListEntryShape> {
    const now = this.clock.now();
    const until = expiresAt === undefined ? null : new Date(expiresAt);
    if (until && until <= now) throw invalid('/expiresAt', 'expiresAt must be in the future');
    const result = await this.lists.put({
      id: this.ids.next('rle'),
      list: kind,
      subject: this.#subject(subject, value),
      reason: reason ?? null,
      expiresAt: until,
      createdAt: now,
    });
    void reply.status(result.created ? 201 : 200);
    return entryShape(result.entry);
  }

  @Get()
  @ApiOperation({ summary: 'List the entries' })
  @ApiOkResponse({ description: 'One page of entries.', type: RiskListPage })
  async list(@Query() { kind, subject, value, limit, cursor }: RiskListQuery): Promise<RiskListPage> {
    if ((subject === undefined) !== (value === undefined)) throw invalid('/value', 'give subject and value together');
    const before = cursor ? (decodeCursor(cursor, [(part) => isId('rle', part)])[0] as Id<'rle'>) : undefined;
    const wanted = subject && value !== undefined ? this.#subject(subject, value) : undefined;
    const found = await this.lists.list({ list: kind, subject: wanted, limit, before, now: this.clock.now() });
    const page = pageOf(found, limit, ({ id }) => [id]);
    return { ...page, data: page.data.map(entryShape) };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take an entry off its list' })
  @ApiParam({
    name: 'id',
    description: 'Identifier of the entry, `rle_…`.',
    example: 'rle_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  @ApiNoContentResponse({ description: 'It does not count any more.' })
  @ApiResponse({ status: 404, description: '`unknown-list-entry`.', type: ProblemShape })
  async remove(@Param('id') id: string): Promise<void> {
    if (!isId('rle', id) || !(await this.lists.remove(id))) throw refusal('unknown-list-entry', 'no such entry');
  }

  #subject(kind: SubjectKind, value: string): Subject {
    const detail = WRONG[kind](value);
    if (detail) throw invalid('/value', detail);
    return subjectOf(kind, kind === 'buyer' ? buyerIdOf(value) : value, this.active.salt);
  }
}

/** What is wrong with the value of a subject. */
const WRONG: Record<SubjectKind, (value: string) => string | undefined> = {
  buyer: (value) =>
    isId('buy', value.toLowerCase()) || isUUID(value) ? undefined : 'value must be a buyer: buy_… or a UUID',
  ip: (value) => (isIP(value) ? undefined : 'value must be an IP address'),
  email: (value) => (isEmail(value) ? undefined : 'value must be an e-mail address'),
  sku: (value) => (value.length <= 64 ? undefined : 'value must be a SKU of at most 64 characters'),
  address: (value) => (/\p{L}/u.test(value) ? undefined : 'value must be an address on one line'),
};

const buyerIdOf = (value: string): string => {
  const id = value.toLowerCase();
  return isId('buy', id) ? id : idOf('buy', id);
};

const invalid = (pointer: string, detail: string) =>
  httpRefusal('invalid-request', `${pointer}: ${detail}`, { errors: [{ pointer, detail }] });

function entryShape({ id, list, subject, reason, expiresAt, createdAt }: ListEntry): RiskListEntryShape {
  const kind = kindOf(subject);
  return {
    id,
    kind: list,
    subject: kind,
    value: subject.slice(kind.length + 1),
    reason,
    expiresAt: expiresAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  };
}
