// A site that means harm, in a process of its own: it speaks HTTP/2 by itself and keeps to no limit before it has been told one.
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';

const POLL = '/consilium.v1.CoordinatorService/PollWork';
const HEADERS = { ':method': 'POST', ':path': POLL, te: 'trailers', 'content-type': 'application/grpc' };
/** A gRPC frame around PollWorkRequest{wait_ms: 20000}. */
const BODY = Buffer.from([0, 0, 0, 0, 4, 0x08, 0xa0, 0x9c, 0x01]);

const counts = { opened: 0, answered: 0, refused: 0, connectionsLost: 0 };

process.once('message', async ({ attack, port, identity, instanceId, seconds, count }) => {
  const until = Date.now() + seconds * 1000;
  const options = { port, host: '127.0.0.1', ca: identity.ca, cert: identity.certificate, key: identity.key };
  const headers = { ...HEADERS, 'consilium-instance': instanceId };

  const connect = () => {
    const socket = tls.connect({ ...options, ALPNProtocols: ['h2'], minVersion: 'TLSv1.3' });
    const session = http2.connect('https://127.0.0.1', {
      createConnection: () => socket,
      peerMaxConcurrentStreams: 1e6,
    });
    session.on('error', () => {}).on('close', () => counts.connectionsLost++);
    socket.on('error', () => {});
    return session;
  };
  const poll = (session) => {
    if (session.destroyed || session.closed) return undefined;
    counts.opened++;
    const stream = session.request(headers);
    stream.on('error', () => {}).on('response', () => counts.answered++);
    stream.on('close', () => {
      if (stream.rstCode !== 0) counts.refused++;
    });
    stream.resume();
    stream.end(BODY);
    return stream;
  };
  const attacks = {
    polls() {
      const session = connect();
      for (let n = 0; n < count; n++) poll(session);
    },
    patience() {
      const session = connect();
      session.once('remoteSettings', () => {
        for (let n = 0; n < count; n++) poll(session);
      });
    },
    connections() {
      for (let n = 0; n < count; n++) {
        const session = connect();
        for (let m = 0; m < 20; m++) poll(session);
      }
    },
    resets() {
      let session = connect();
      const more = () => {
        if (session.destroyed || session.closed) session = connect();
        for (let n = 0; n < count / 100; n++) poll(session)?.close(http2.constants.NGHTTP2_CANCEL);
        if (Date.now() < until) setTimeout(more, 10);
      };
      session.once('connect', more);
    },
    strangers() {
      const { cert: _, key: __, ...nobody } = options;
      for (let n = 0; n < count; n++) {
        const make = [() => net.connect(port, '127.0.0.1'), () => tls.connect(nobody), () => tls.connect(options)][
          n % 3
        ];
        make()
          .on('error', () => {})
          .on('close', () => counts.connectionsLost++);
      }
    },
  };
  attacks[attack]();
  setTimeout(() => process.send({ counts }, () => process.exit(0)), seconds * 1000);
});
