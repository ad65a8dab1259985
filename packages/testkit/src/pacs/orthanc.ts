import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { areDicomToolsRequired } from '../env.js';

const PROGRAM = '/usr/sbin/Orthanc';
const DICOMWEB_PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const START_MS = 20_000;

/**
 * What a test says when it cannot run; undefined when Orthanc and its DICOMweb plug-in are installed. Where the DICOM tools
 * are required (CONSILIUM_DICOM_TOOLS), their absence is a fault.
 */
export function orthancMissing(): string | undefined {
  if (existsSync(PROGRAM) && existsSync(DICOMWEB_PLUGIN)) return undefined;
  const reason = 'needs Debian packages orthanc and orthanc-dicomweb';
  if (areDicomToolsRequired) throw new Error(reason);
  return `skipped: ${reason}`;
}

/** PEM texts. */
export interface OrthancTls {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface OrthancOptions {
  /**
   * Mutual TLS. For DICOM it is Orthanc's own; for HTTP it ends in front of it, because Debian's Orthanc dies at the first
   * request (its civetweb asks OpenSSL 3 for a function that is gone).
   */
  readonly tls?: OrthancTls;
  /** AE title -> port of 127.0.0.1: who may talk to it, and where it sends to. */
  readonly peers?: Readonly<Record<string, number>>;
  /** Further settings, as in Orthanc's own configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * A real Orthanc with its own folder. It has no bind address, so it is told to answer this machine alone: HTTP by
 * RemoteAccessAllowed, DICOM by a list of peers whose address is checked.
 */
export class Orthanc {
  readonly aeTitle = 'ORTHANC';
  readonly user = 'tester';
  readonly password = 'a-password-of-a-test';
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly httpPort: number,
    readonly dicomPort: number,
    private readonly front: Server | undefined,
  ) {}

  static async start(options: OrthancOptions = {}): Promise<Orthanc> {
    const folder = mkdtempSync(join(tmpdir(), 'consilium-orthanc-'));
    const [httpPort, dicomPort] = [await freePort(), await freePort()];
    const front = options.tls && (await startTlsFront(options.tls, httpPort));
    const orthanc = new Orthanc(folder, httpPort, dicomPort, front);
    orthanc.writeSettings(options);
    await orthanc.restart();
    return orthanc;
  }

  get dicomwebUrl(): string {
    return this.front
      ? `https://127.0.0.1:${(this.front.address() as AddressInfo).port}/dicom-web`
      : `http://127.0.0.1:${this.httpPort}/dicom-web`;
  }

  /** As a power cut would end it. */
  async kill(): Promise<void> {
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Starts it on the same folder and ports. */
  async restart(): Promise<void> {
    const child = spawn(PROGRAM, [join(this.folder, 'orthanc.json')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // DCMTK leaves Nagle's algorithm on, which costs 40 ms an object.
      env: { PATH: '/usr/bin:/bin', TCP_NODELAY: '1' },
    });
    this.child = child;
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString('latin1')).slice(-4000);
      });
    const until = Date.now() + START_MS;
    while (!(await accepts(this.dicomPort)) || !(await accepts(this.httpPort))) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`Orthanc does not start: ${said}`);
      await delay(25);
    }
  }

  /** Ends it and deletes all that it had. */
  async remove(): Promise<void> {
    await this.kill();
    this.front?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private writeSettings({ tls, peers = {}, settings = {} }: OrthancOptions): void {
    mkdirSync(join(this.folder, 'storage'));
    const file = (name: string, text: string) => {
      writeFileSync(join(this.folder, name), text, { mode: 0o600 });
      return join(this.folder, name);
    };
    const withTls = tls && {
      DicomTlsEnabled: true,
      DicomTlsCertificate: file('dicom.pem', tls.certificate),
      DicomTlsPrivateKey: file('dicom.key', tls.key),
      DicomTlsTrustedCertificates: file('ca.pem', tls.ca),
      DicomTlsRemoteCertificateRequired: true,
    };
    const modalities = Object.entries(peers).map(([aeTitle, port]) => [
      aeTitle.toLowerCase(),
      { AET: aeTitle, Host: '127.0.0.1', Port: port, AllowTranscoding: false, UseDicomTls: tls !== undefined },
    ]);
    const all = {
      Name: 'consilium test',
      StorageDirectory: join(this.folder, 'storage'),
      IndexDirectory: join(this.folder, 'storage'),
      Plugins: [DICOMWEB_PLUGIN],
      DicomWeb: { Enable: true, Root: '/dicom-web/' },
      HttpPort: this.httpPort,
      DicomPort: this.dicomPort,
      DicomAet: this.aeTitle,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: true,
      RegisteredUsers: { [this.user]: this.password },
      DicomCheckCalledAet: true,
      DicomCheckModalityHost: true,
      DicomAlwaysAllowEcho: false,
      DicomAlwaysAllowStore: false,
      DicomModalities: Object.fromEntries(modalities),
      SaveJobs: false,
      SyncStorageArea: false,
      ...withTls,
      ...settings,
    };
    file('orthanc.json', JSON.stringify(all));
  }
}

/** Ends TLS, as a web server in front of a PACS does, and wants a certificate of the same authority. */
async function startTlsFront({ ca, certificate, key }: OrthancTls, httpPort: number): Promise<Server> {
  const server = createTlsServer({ ca, cert: certificate, key, requestCert: true, rejectUnauthorized: true });
  server.on('secureConnection', (outer) => {
    const inner = connect({ host: '127.0.0.1', port: httpPort });
    outer.pipe(inner).pipe(outer);
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  server.on('tlsClientError', () => {}); // the client hears of it
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
