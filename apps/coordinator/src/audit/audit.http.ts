import { parseEntry } from '@consilium/audit';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { parseRequest } from '../platform/request-schema.js';
import { AuditLog } from './audit-log.js';

const page = z.object({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

@ApiTags('audit')
@Controller('api/audit')
export class AuditController {
  constructor(private readonly audit: AuditLog) {}

  @Get()
  @ApiQuery({ name: 'from', required: false, type: Number, description: 'first entry wanted, from 0' })
  @ApiQuery({ name: 'limit', required: false, type: Number })
  async list(@Query() query: unknown) {
    const { from, limit } = parseRequest(page, query);
    const entries = await this.audit.page(BigInt(from), limit);
    return { size: Number(await this.audit.size()), entries: entries.map(entryView) };
  }
}

/** An entry as HTTP shows it. */
export function entryView({ seq, bytes, leafHash }: { seq: bigint; bytes: Uint8Array; leafHash: Uint8Array }) {
  const entry = parseEntry(bytes);
  return { seq: Number(seq), type: entry.type, at: entry.time, leafHash: Buffer.from(leafHash).toString('hex'), entry };
}
