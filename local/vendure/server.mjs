// A Vendure shop as a channel to reconcile against, for tests and the demo only.
// Settings come from the environment (server.py sets them); the address goes into VENDURE_READY_FILE.
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

process.env.VENDURE_DISABLE_TELEMETRY = 'true';

// The packages live outside the source tree, so they are resolved from where they were installed.
const require = createRequire(join(process.env.VENDURE_PACKAGES, 'package.json'));
const { bootstrap, DefaultLogger, dummyPaymentHandler, LogLevel, TransactionalConnection } = require('@vendure/core');

const database = process.env.VENDURE_DATABASE || undefined;
const isNew = !database || !existsSync(database);

const app = await bootstrap({
  apiOptions: {
    hostname: '127.0.0.1',
    port: Number(process.env.VENDURE_PORT ?? 0),
    adminApiPath: 'admin-api',
    shopApiPath: 'shop-api',
    cors: false,
  },
  authOptions: {
    tokenMethod: 'bearer',
    requireVerification: false,
    cookieOptions: { secret: randomBytes(16).toString('hex') },
    superadminCredentials: {
      identifier: process.env.VENDURE_USERNAME,
      password: process.env.VENDURE_PASSWORD,
    },
  },
  dbConnectionOptions: { type: 'sqljs', location: database, autoSave: false, synchronize: isNew, logging: false },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: false }),
  plugins: [],
});

const { driver } = app.get(TransactionalConnection).rawConnection;
const changes = () => driver.databaseConnection.exec('SELECT total_changes()')[0].values[0][0];

// Exporting ends an open transaction and resets the change count and the pragma: hence the checks.
function save() {
  if (!database || driver.queryRunner?.isTransactionActive || changes() === 0) return;
  writeFileSync(`${database}.part`, driver.export());
  renameSync(`${database}.part`, database);
  driver.databaseConnection.exec('PRAGMA foreign_keys = ON');
}

function stop() {
  if (driver.queryRunner?.isTransactionActive) return void setTimeout(stop, 10);
  save();
  process.exit(0);
}

if (database) {
  save();
  setInterval(save, 1000).unref();
}
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.removeAllListeners(signal);
  process.on(signal, stop);
}
// The starter holds our standard input open: its end is the starter's end.
process.stdin.on('end', stop).resume();

const { port } = app.getHttpServer().address();
writeFileSync(`${process.env.VENDURE_READY_FILE}.part`, String(port));
renameSync(`${process.env.VENDURE_READY_FILE}.part`, process.env.VENDURE_READY_FILE);
