import type { WheelRequest } from './wheel-name.js';

/** What an installer tells while it works. */
export interface InstallProgress {
  readonly doing: string;
  readonly doneBytes?: number;
  readonly totalBytes?: number;
}

export interface InstallContext {
  readonly report: (progress: InstallProgress) => void;
  readonly signal: AbortSignal;
}

/** A distribution on this machine, not yet checked. */
export interface Obtained {
  readonly path: string;
  /** What the source itself says the SHA-256 is. */
  readonly sha256?: string;
  /** Ours to delete: it lies in our downloads, not in somebody's folder. */
  readonly isDownload: boolean;
}

/** Where distributions come from: a folder, an index, or the machine's own pip. */
export interface DistributionSource {
  /** Errors  ENGINE_DISTRIBUTION_MISSING, ENGINE_DOWNLOAD_FAILED. */
  wheel(request: WheelRequest, context: InstallContext): Promise<Obtained>;
}
