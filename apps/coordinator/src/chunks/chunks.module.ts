import path from 'node:path';
import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config.js';
import { CHUNK_STORE } from './chunk-store.js';
import { FolderChunkStore } from './folder-chunk-store.js';
import { UploadArea } from './upload-area.js';

@Module({
  providers: [
    {
      provide: CHUNK_STORE,
      inject: [CONFIG],
      useFactory: (config: Config) => new FolderChunkStore(path.join(config.dataFolder, 'chunks')),
    },
    {
      provide: UploadArea,
      inject: [CONFIG],
      useFactory: (config: Config) => new UploadArea(path.join(config.dataFolder, 'uploads')),
    },
  ],
  exports: [CHUNK_STORE, UploadArea],
})
export class ChunksModule {}
