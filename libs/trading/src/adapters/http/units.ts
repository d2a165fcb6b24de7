import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsObject, Max, Min, ValidateNested } from 'class-validator';

/** Units of one line of an order. */
export class UnitsInput {
  @ApiProperty({ description: 'Number of the line within the order.', example: 1 })
  @IsInt()
  @Min(1)
  @Max(200)
  lineNo: number;

  @ApiProperty({ description: 'How many of its units.', example: 1 })
  @IsInt()
  @Min(1)
  @Max(100_000)
  quantity: number;
}

/** One or more entries of units; a line that is named twice means the sum. */
export const Units = (type: new () => UnitsInput = UnitsInput): PropertyDecorator =>
  applyDecorators(
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(200),
    ValidateNested({ each: true }),
    IsObject({ each: true }),
    Type(() => type),
  );
